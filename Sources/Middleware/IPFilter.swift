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
        if settings.deny.contains(address) {
            question.note("\(address) is in \(Self.block(of: address, settings.deny)), which is denied")
            return Refusal(.ipDenied)
        }
        guard let allow = settings.allow else {
            question.note("\(address) is in nothing that is denied")
            return nil
        }
        guard allow.contains(address) else {
            question.note("\(address) is in nothing that is allowed")
            return Refusal(.ipNotAllowed)
        }
        question.note("\(address) is in \(Self.block(of: address, allow)), which is allowed")
        return nil
    }

    func refusal(
        ofLive question: inout AddressQuestion, holding held: [ConnectionLease], isTrial: Bool
    ) -> Refusal? {
        refusal(&question)
    }

    private static func block(of address: IPAddress, _ blocks: CIDRSet) -> String {
        blocks.block(containing: address)?.description ?? "a block"
    }
}
