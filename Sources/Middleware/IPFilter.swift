import PolicyModel

/// `ip_filter`: deny wins; where `allow` is given, nothing else enters.
struct IPFilter: AddressCheck {
    private let settings: IPFilterSettings

    init(_ settings: IPFilterSettings) {
        self.settings = settings
    }

    package func judges(_ purpose: HandshakePurpose) -> Bool { true }

    func refusal(of address: IPAddress, monotonic: Int64, leases: inout [ConnectionLease]) -> Refusal? {
        if settings.deny.contains(address) { return Refusal(.ipDenied) }
        if let allow = settings.allow, !allow.contains(address) { return Refusal(.ipNotAllowed) }
        return nil
    }

    func refusal(
        ofLive address: IPAddress, holding held: [ConnectionLease], isTrial: Bool, leases: inout [ConnectionLease]
    ) -> Refusal? {
        refusal(of: address, monotonic: 0, leases: &leases)
    }
}
