import Portcullis

/// `office_hours`: clients come in while the office is open, by UTC; those with a certain scope always do.
struct OfficeHours: HandshakeMiddleware {
    static let name = "office_hours"

    enum Reason: String, RefusalReason {
        case closed = "office-hours-closed"

        var message: String { "The office is closed." }
    }

    private let opens: Int
    private let closes: Int
    /// Empty where nobody may come at any time.
    private let alwaysForScope: String

    init(settings: Settings) throws(SettingsError) {
        opens = settings.integer("opens", in: 0...23)
        closes = settings.integer("closes", in: 1...24)
        alwaysForScope = settings.string("always_for_scope", default: "")
        guard opens < closes else { throw settings.problem("closes", "must be later than `opens`") }
    }

    /// The server behind may believe it: what a client sends under this name never arrives.
    var upstreamHeaders: [String] { ["X-Office-Closes"] }

    func evaluate(_ handshake: inout Handshake) -> Decision<Reason> {
        let second = handshake.unixSeconds % 86_400
        let isOpen = (opens..<closes).contains(Int(second / 3600))
        let mayComeAlways = handshake.token?.scopes.contains(alwaysForScope) ?? false
        guard isOpen || mayComeAlways else {
            let opening = Int64(opens) * 3600
            return .refuse(.closed, retryAfter: .seconds((opening - second + 86_400) % 86_400))
        }
        handshake.setUpstreamHeader("X-Office-Closes", to: "\(closes):00")
        return .pass
    }
}
