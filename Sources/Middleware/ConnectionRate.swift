import PolicyModel

/// `connection_rate`: a token bucket for each client address, IPv6 by its network.
struct ConnectionRate: AddressCheck {
    private let table: RateTable
    private let ipv6Prefix: Int

    init(_ settings: ConnectionRateSettings, of chain: String, in environment: inout MiddlewareEnvironment) {
        table = environment.memory.rateTable(settings, of: chain, capacity: environment.maximumTrackedAddresses)
        ipv6Prefix = settings.ipv6Prefix
    }

    /// A ticket costs as much as a connection: its token is checked as well.
    package func judges(_ purpose: HandshakePurpose) -> Bool { purpose != .preflight && purpose != .recheck }

    func refusal(_ question: inout AddressQuestion) -> Refusal? {
        let now = question.monotonic
        let client = question.address.network(ipv6Prefix: ipv6Prefix)
        switch table.take(client, now: now) {
        case .admitted(let fullAt):
            question.note("\(table.left(fullAt: fullAt, now: now)) more at once from \(named(client))")
            return nil
        case .refused(let retryAfter):
            let refusal = Refusal(.connectionRateExceeded, retryAfterNanoseconds: retryAfter)
            question.note("none is left for \(named(client)); the next one in \(refusal.retryAfterSeconds ?? 1) s")
            return refusal
        }
    }

    /// A connection that has come is none that comes.
    func refusal(
        ofLive question: inout AddressQuestion, holding held: [ConnectionLease], isTrial: Bool
    ) -> Refusal? { nil }

    private func named(_ client: IPAddress) -> String {
        client.named(ipv6Prefix: ipv6Prefix)
    }
}
