internal import PolicyModel

/// A socket that listens; it is closed when nobody holds it any more.
final class ListeningSocket: Sendable {
    let binding: Listener.Binding
    /// With the port that the system chose, where the policy left it the choice.
    let address: SocketAddress
    private let descriptor: Descriptor

    init(for listener: Listener) throws(SystemError) {
        binding = listener.binding
        let descriptor = try Socket.listen(on: binding.address)
        address = Socket.localAddress(of: descriptor) ?? binding.address
        self.descriptor = consume descriptor
    }

    var number: Int32 { descriptor.number }

    func accept() -> Socket.Acceptance { Socket.accept(number) }
}
