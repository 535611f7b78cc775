import PolicyModel

extension PolicyDecoder {
    /// The built-in ones.
    static var builtinActions: [String] { PolicyMapping.action.keyNames }

    private var actions: [String] { Self.builtinActions + extensions.filters.map(\.name) }

    /// A rule's `do`: `drop`, or a mapping with the one action and its settings.
    func messageAction(_ node: YAMLNode, beside condition: DecodedCondition, in chain: DecodedChain) -> MessageAction? {
        if case .scalar(let text, _) = node.content { return plainAction(text, node) }
        guard let chosen = single(node, of: .action, adding: extensions.filters.map(\.name)) else { return nil }
        let (key, value) = (chosen.key, chosen.value)
        switch key {
        case "allow": return fields(value, of: .allow).map { _ in .allow }
        case "drop": return fields(value, of: .drop).map { _ in .drop }
        case "close": return close(value)
        case "replace": return replace(chosen, beside: condition)
        case "set": return set(value, condition.groups)
        case "remove": return remove(value)
        case "reply": return reply(value, condition.groups)
        case "schema": return schema(value)
        case "limit":
            guard let fields = fields(value, of: .limit) else { return nil }
            return trafficLimit(fields, of: .messages, beside: chain).map { .limit($0) }
        case _ where !Self.builtinActions.contains(key):
            let item = extensions.filters.first { $0.name == key }
            return item.flatMap { extensionSettings(chosen, $0) }.map { .filter($0) }
        default:
            guard let fields = fields(value, of: .log) else { return nil }
            return .log(payload: fields.boolean("payload") ?? false)
        }
    }

    /// An action that needs no settings.
    private func plainAction(_ text: String, _ node: YAMLNode) -> MessageAction? {
        switch text {
        case "allow": return .allow
        case "drop": return .drop
        case "close": return Self.usualClose
        case "log": return .log(payload: false)
        case "replace": refuse(node.position, "`replace` needs the text to put in: `do: { replace: { with: \"…\" } }`")
        case _ where actions.contains(text):
            refuse(node.position, "`\(text)` needs settings: `do: { \(text): { … } }`")
        default:
            var message = "`do` must be one of \(alternatives(actions)), not \(node.kindDescription)"
            let meant = Suggestion.value(for: text, among: actions)
            if let meant { message += "; did you mean `\(meant)`?" }
            refuse(node.position, message, suggestion: meant)
        }
        return nil
    }

    /// Where a rule says no more than `close`.
    private static var usualClose: MessageAction { .close(code: 1008, reason: CloseReason.messageDenied.rawValue) }

    private func close(_ node: YAMLNode) -> MessageAction? {
        guard let fields = fields(node, of: .close) else { return nil }
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

    /// What is replaced is what `when` looks for, or what stands here.
    private func replace(_ chosen: YAMLNode.Entry, beside condition: DecodedCondition) -> MessageAction? {
        guard let fields = fields(chosen.value, of: .replace), var patterns = patterns(of: fields) else {
            return nil
        }
        if patterns.count > 1 {
            refuse(fields.keyPosition("matches"), "`replace` takes `contains` or `matches`, not both")
            return nil
        }
        if patterns.isEmpty { patterns = condition.patterns }
        if patterns.count != 1, !condition.hasUnreadablePattern {
            refuse(
                chosen.keyPosition,
                patterns.isEmpty
                    ? "`replace` needs `text: { contains: … }` or `text: { matches: … }` in `when`, or one of the two of its own, which says what is replaced"
                    : "`when` has \(patterns.count) patterns; say in `replace` by `contains` or `matches` which text is replaced"
            )
        }
        guard let pattern = patterns.first,
            let with = fields.required("with", { template($0, "with", groups: pattern.groups) })
        else { return nil }
        return .replace(pattern.pattern, with: with)
    }

    private func set(_ node: YAMLNode, _ groups: [String]) -> MessageAction? {
        guard let fields = fields(node, of: .set) else { return nil }
        let pointer = fields.required("pointer", example: "/user") { jsonPointer($0, "pointer") }
        let value = fields.required("value", example: "guest") { jsonTemplate($0, "value", groups: groups) }
        guard let pointer, let value else { return nil }
        return .set(pointer, value)
    }

    private func remove(_ node: YAMLNode) -> MessageAction? {
        guard let fields = fields(node, of: .remove) else { return nil }
        return fields.required("pointer", example: "/user/email") { node in
            guard let pointer = jsonPointer(node, "pointer") else { return nil }
            guard !pointer.tokens.isEmpty else {
                refuse(node.position, "the whole of a message cannot be removed; to stop it, write `drop`")
                return nil
            }
            return .remove(pointer)
        }
    }

    /// To the sender, as a text message.
    private func reply(_ node: YAMLNode, _ groups: [String]) -> MessageAction? {
        guard let chosen = single(node, of: .reply) else { return nil }
        if chosen.key == "text" {
            return template(chosen.value, "text", groups: groups).map { .reply(.text($0)) }
        }
        return jsonTemplate(chosen.value, "json", groups: groups).map { .reply(.json($0)) }
    }

    private func schema(_ node: YAMLNode) -> MessageAction? {
        guard let fields = fields(node, of: .schema) else { return nil }
        let onFailure = fields["on_failure"] == nil ? .close : fields.choice("on_failure", SchemaDemand.Failure.self)
        let isStrict = fields["strict"] == nil ? true : fields.boolean("strict")
        let file = fields.required("file", example: "schemas/chat.json") { node -> (name: String, bytes: [UInt8])? in
            guard let name = text(node, "file") else { return nil }
            return schemaFile(name, isStrict: isStrict ?? false, at: node.position).map { (name, $0) }
        }
        guard let file, let onFailure, let isStrict else { return nil }
        return .schema(SchemaDemand(file: file.name, bytes: file.bytes, isStrict: isStrict, onFailure: onFailure))
    }
}

extension DecodedCondition {
    /// What `${match.NAME}` may name: the groups of the one pattern.
    fileprivate var groups: [String] { patterns.count == 1 ? patterns[0].groups : [] }
}
