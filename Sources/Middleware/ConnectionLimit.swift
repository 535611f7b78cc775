internal import Locking
import PolicyModel

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
}

/// One connection's place in a count; given back when nothing holds the lease any more.
package final class ConnectionLease: Sendable {
    private let counter: ConnectionCounter
    private let address: IPAddress

    fileprivate init(counter: ConnectionCounter, address: IPAddress) {
        self.counter = counter
        self.address = address
    }

    deinit {
        counter.giveBack(address)
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

    func giveBack(_ address: IPAddress) {
        counts.withLock { counts in
            guard let count = counts[address] else { return }
            counts[address] = count > 1 ? count - 1 : nil
        }
    }
}
