internal import Glibc
internal import PolicyModel

/// A socket that listens; it is closed when nobody holds it any more.
final class ListeningSocket: Sendable {
    let binding: Listener.Binding
    /// With the port that the system chose, where the policy left it the choice.
    let address: SocketAddress
    private let descriptor: Descriptor

    /// Throws what is wrong with the listener's address, and where it stands. `leaving` are the addresses that the
    /// gateway listens on until the listener's policy is in force, and then no more.
    init(for listener: Listener, leaving: [SocketAddress] = []) throws(PlacedError) {
        binding = listener.binding
        let descriptor = try Self.listen(for: listener.policy, leaving: leaving)
        address = Socket.localAddress(of: descriptor) ?? binding.address
        self.descriptor = consume descriptor
    }

    var number: Int32 { descriptor.number }

    func accept() -> Socket.Acceptance { Socket.accept(number) }

    private static func listen(
        for listener: ListenerPolicy, leaving: [SocketAddress]
    ) throws(PlacedError) -> Descriptor {
        do throws(SystemError) {
            return try Socket.listen(on: listener.address)
        } catch {
            var what = "listener `\(listener.name)`: `address` cannot be listened on: \(error)"
            if error.code == EADDRINUSE, let held = leaving.first(where: listener.address.overlaps) {
                what += "; it overlaps \(held), where this gateway listens: moving there needs a new start"
            }
            throw PlacedError(position: listener.position, what: what)
        }
    }
}

extension SocketAddress {
    /// Whether either is every address of its family, at the same port: then one alone can be listened on.
    fileprivate func overlaps(_ other: SocketAddress) -> Bool {
        guard port == other.port else { return false }
        return switch (ip, other.ip) {
        case (.v4(let own), .v4(let its)): own == 0 || its == 0
        case (.v6(let own), .v6(let its)): own == 0 || its == 0
        case (.v4, .v6), (.v6, .v4): false
        }
    }
}
