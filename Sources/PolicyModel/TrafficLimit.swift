/// How much may come in a time, of whom, and what becomes of more: what rates of messages and of bytes have in common.
package struct TrafficLimit: Sendable, Hashable {
    /// Who has a bucket of its own.
    package enum Key: String, Sendable, CaseIterable {
        case connection
        /// The client's address, all of its connections on the route together.
        case address
        /// Who the token is of, or whom an authorisation service has named, all of their connections on the route together.
        case subject
    }

    /// What becomes of a message for which there is nothing left.
    package enum Excess: String, Sendable, CaseIterable {
        /// Ends the connection.
        case close
        /// The message goes no further.
        case drop
        /// The message waits for its turn, and its sender is not read meanwhile.
        case delay
    }

    package var rate: Rate
    /// What may come at once; at least 1.
    package var burst: Int
    package var key: Key
    /// IPv6 clients that share this many leading bits share a bucket, where it is the address that has one.
    package var ipv6Prefix: Int
    package var onExceed: Excess

    package init(
        rate: Rate, burst: Int, key: Key = .connection, ipv6Prefix: Int = 64, onExceed: Excess = .close
    ) {
        self.rate = rate
        self.burst = burst
        self.key = key
        self.ipv6Prefix = ipv6Prefix
        self.onExceed = onExceed
    }
}
