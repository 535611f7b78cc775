import PolicyModel

/// `ip_filter`: deny wins; where `allow` is given, nothing else enters.
struct IPFilter: AddressCheck {
    private let settings: IPFilterSettings

    init(_ settings: IPFilterSettings) {
        self.settings = settings
    }

    package func judges(_ purpose: HandshakePurpose) -> Bool { true }

    func refusal(_ question: inout AddressQuestion) -> Refusal? {
        let address = question.address
        if settings.deny.contains(address) { return Refusal(.ipDenied) }
        if let allow = settings.allow, !allow.contains(address) { return Refusal(.ipNotAllowed) }
        return nil
    }

    func refusal(
        ofLive question: inout AddressQuestion, holding held: [ConnectionLease], isTrial: Bool
    ) -> Refusal? {
        refusal(&question)
    }
}
