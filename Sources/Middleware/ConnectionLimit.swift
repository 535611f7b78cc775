internal import Locking
import PolicyModel
import Synchronization

/// `connection_limit`: connections alive at once for each client address, IPv6 by its network.
struct ConnectionLimit: AddressCheck {
    private let counter: ConnectionCounter
    private let maximum: Int
    private let ipv6Prefix: Int

    init(_ settings: ConnectionLimitSettings, of chain: String, in environment: inout MiddlewareEnvironment) {
        counter = environment.memory.connectionCounter(ipv6Prefix: settings.ipv6Prefix, of: chain)
        maximum = settings.maximum
        ipv6Prefix = settings.ipv6Prefix
    }

    func refusal(_ question: inout AddressQuestion) -> Refusal? {
        let client = question.address.network(ipv6Prefix: ipv6Prefix)
        guard let lease = counter.lease(client, maximum: maximum) else {
            question.note("\(counter.count(client)) of \(maximum) live from \(client.named(ipv6Prefix: ipv6Prefix))")
            return Refusal(.connectionLimitExceeded, retryAfterSeconds: 1)
        }
        question.note(
            "\(counter.count(client)) of \(maximum) live from \(client.named(ipv6Prefix: ipv6Prefix)), with this one")
        question.leases.append(lease)
        return nil
    }

    package func judges(_ purpose: HandshakePurpose) -> Bool { purpose == .connection || purpose == .recheck }

    /// One that is counted already stays unless too many are: then as many go as are too many, and each is counted out at
    /// once. One that was not counted until now takes its place like one that comes.
    func refusal(
        ofLive question: inout AddressQuestion, holding held: [ConnectionLease], isTrial: Bool
    ) -> Refusal? {
        guard let lease = held.first(where: { $0.isCounted(by: counter) }) else {
            return refusal(&question)
        }
        guard lease.giveBack(ifOver: maximum, isTrial: isTrial) else {
            question.leases.append(lease)
            return nil
        }
        if isTrial { question.leases.append(lease) }
        return Refusal(.connectionLimitExceeded, retryAfterSeconds: 1)
    }
}

/// One connection's place in a count; given back when nothing holds the lease any more.
package final class ConnectionLease: Sendable {
    private let counter: ConnectionCounter
    private let address: IPAddress
    private let isGivenBack = Atomic<Bool>(false)

    fileprivate init(counter: ConnectionCounter, address: IPAddress) {
        self.counter = counter
        self.address = address
    }

    deinit {
        if !isGivenBack.load(ordering: .relaxed) { counter.giveBack(address) }
    }

    func isCounted(by counter: ConnectionCounter) -> Bool { self.counter === counter }

    /// Gives it back before its time where more than `maximum` are counted; whether they are. In a trial it stays.
    func giveBack(ifOver maximum: Int, isTrial: Bool) -> Bool {
        guard counter.isOver(maximum, address, takingOut: !isTrial) else { return false }
        isGivenBack.store(!isTrial, ordering: .relaxed)
        return true
    }
}

/// Live connections by address. It has as many entries as there are connections at most, which the listener bounds.
final class ConnectionCounter: Sendable {
    private let counts = Lock<[IPAddress: Int]>([:])

    func lease(_ address: IPAddress, maximum: Int) -> ConnectionLease? {
        let isAdmitted = counts.withLock { counts in
            let count = counts[address] ?? 0
            guard count < maximum else { return false }
            counts[address] = count + 1
            return true
        }
        return isAdmitted ? ConnectionLease(counter: self, address: address) : nil
    }

    func count(_ address: IPAddress) -> Int { counts.withLock { $0[address] ?? 0 } }

    func giveBack(_ address: IPAddress) { counts.withLock { Self.takeOut(address, &$0) } }

    /// Whether more than `maximum` are counted; if so, and `takingOut`, there is one less from now on.
    func isOver(_ maximum: Int, _ address: IPAddress, takingOut: Bool) -> Bool {
        counts.withLock { counts in
            guard let count = counts[address], count > maximum else { return false }
            if takingOut { Self.takeOut(address, &counts) }
            return true
        }
    }

    private static func takeOut(_ address: IPAddress, _ counts: inout [IPAddress: Int]) {
        guard let count = counts[address] else { return }
        counts[address] = count > 1 ? count - 1 : nil
    }
}
