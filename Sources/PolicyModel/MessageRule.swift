/// One entry of a route's `messages`.
package struct MessageRule: Sendable {
    package enum Source: String, Sendable, CaseIterable {
        case client
        case upstream
        case both
    }

    package var name: String
    /// Whose messages are looked at.
    package var from: Source
    package var condition: MessageCondition
    package var action: MessageAction
    package var mode: EnforcementMode
    package var position: SourcePosition

    package init(
        name: String, from: Source, condition: MessageCondition, action: MessageAction,
        mode: EnforcementMode = .enforce, position: SourcePosition
    ) {
        self.name = name
        self.from = from
        self.condition = condition
        self.action = action
        self.mode = mode
        self.position = position
    }
}
