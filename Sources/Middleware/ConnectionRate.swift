import PolicyModel

/// `connection_rate`: a token bucket for each client address, IPv6 by its network.
struct ConnectionRate: AddressCheck {
    private let table: RateTable
    private let ipv6Prefix: Int

    init(_ settings: ConnectionRateSettings, of chain: String, in environment: inout MiddlewareEnvironment) {
        table = environment.memory.rateTable(settings, of: chain, capacity: environment.maximumTrackedAddresses)
        ipv6Prefix = settings.ipv6Prefix
    }

    func refusal(of address: IPAddress, monotonic: Int64, leases: inout [ConnectionLease]) -> Refusal? {
        switch table.take(address.network(ipv6Prefix: ipv6Prefix), now: monotonic) {
        case .admitted: return nil
        case .refused(let retryAfter):
            // Rounded up: who comes back at that second is admitted.
            let (seconds, rest) = retryAfter.quotientAndRemainder(dividingBy: 1_000_000_000)
            return Refusal(.connectionRateExceeded, retryAfterSeconds: max(1, Int(seconds) + (rest > 0 ? 1 : 0)))
        }
    }
}
