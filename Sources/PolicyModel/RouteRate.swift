/// One entry of a route's `message_rate` or `byte_rate`.
package struct RouteRate: Sendable {
    package enum Unit: String, Sendable, CaseIterable {
        /// Counted when the header of their first frame has come.
        case messages = "message_rate"
        /// Of payload, as they come in.
        case bytes = "byte_rate"
    }

    package var unit: Unit
    /// Whose messages are counted; `both` have one bucket together.
    package var from: MessageRule.Source
    package var limit: TrafficLimit
    package var mode: EnforcementMode
    /// What the audit log calls it: its key in the policy language, with its place where a route has several: `byte_rate[2]`.
    package var name: String
    package var position: SourcePosition

    package init(
        unit: Unit, from: MessageRule.Source = .client, limit: TrafficLimit, mode: EnforcementMode = .enforce,
        name: String? = nil, position: SourcePosition
    ) {
        self.unit = unit
        self.from = from
        self.limit = limit
        self.mode = mode
        self.name = name ?? unit.rawValue
        self.position = position
    }

    /// Why a connection ends that has exceeded it.
    package var closeReason: CloseReason {
        switch unit {
        case .messages: .messageRateExceeded
        case .bytes: .byteRateExceeded
        }
    }
}
