import PolicyModel

extension PolicyDecoder {
    /// A rule's `do`: `drop`, `close`, or a mapping with the one of them and its settings.
    func messageAction(_ node: YAMLNode, beside condition: DecodedCondition) -> MessageAction? {
        let actions = ["drop", "close", "replace"]
        if case .scalar(let text, _) = node.content {
            switch text {
            case "drop": return .drop
            case "close": return Self.usualClose
            case "replace":
                refuse(node.position, "`replace` needs the text to put in: `do: { replace: { with: \"…\" } }`")
            default:
                var message = "`do` must be `drop`, `close: { … }` or `replace: { … }`, not \(node.kindDescription)"
                if let nearest = Suggestion.nearest(to: text, among: actions) {
                    message += "; did you mean `\(nearest)`?"
                }
                refuse(node.position, message)
            }
            return nil
        }
        guard let chosen = single(node, of: "`do`", keys: actions, later: ["redact", "reply"]) else { return nil }
        switch chosen.key {
        case "drop": return fields(chosen.value, of: "`drop`", keys: []).map { _ in .drop }
        case "close": return close(chosen.value)
        default: return replace(chosen, beside: condition)
        }
    }

    /// Where a rule says no more than `close`.
    private static var usualClose: MessageAction { .close(code: 1008, reason: CloseReason.messageDenied.rawValue) }

    private func close(_ node: YAMLNode) -> MessageAction? {
        guard let fields = fields(node, of: "`close`", keys: ["code", "reason"]) else { return nil }
        let code = fields["code"].map { closeCode($0) } ?? 1008
        let reason = fields["reason"].map { closeReason($0) } ?? CloseReason.messageDenied.rawValue
        guard let code, let reason else { return nil }
        return .close(code: code, reason: reason)
    }

    /// One that may be sent (RFC 6455 section 7.4).
    private func closeCode(_ node: YAMLNode) -> UInt16? {
        let usual = "must be a close code that may be sent, 1000 to 1003, 1007 to 1014 or 3000 to 4999"
        guard node.scalarKind == .integer, case .scalar(let text, _) = node.content, let code = UInt16(text) else {
            refuse(node.position, "`code` \(usual), not \(node.kindDescription)")
            return nil
        }
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: return code
        case 1005, 1006, 1015:
            refuse(node.position, "`code` \(usual); \(code) is never sent, it only names what did not come")
        default:
            refuse(node.position, "`code` \(usual), not \(code)")
        }
        return nil
    }

    /// A close frame has room for 123 bytes (RFC 6455 section 5.5).
    private func closeReason(_ node: YAMLNode) -> String? {
        guard let reason = string(node, "reason") else { return nil }
        guard reason.utf8.count <= 123 else {
            refuse(
                node.position, "`reason` has \(reason.utf8.count) bytes, and a close frame has room for 123; shorten it"
            )
            return nil
        }
        return reason
    }

    private func replace(_ chosen: YAMLNode.Entry, beside condition: DecodedCondition) -> MessageAction? {
        if !condition.hasTextContains {
            refuse(
                chosen.keyPosition, "`replace` needs `text: { contains: … }` in `when`, which says what is replaced")
        }
        guard let fields = fields(chosen.value, of: "`replace`", keys: ["with"]),
            let with = fields.required("with", { string($0, "with") })
        else { return nil }
        return .replace(with: with)
    }
}
