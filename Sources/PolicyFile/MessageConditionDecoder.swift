import PolicyModel

/// A rule's `when`, as far as it could be read.
struct DecodedCondition {
    /// nil where it is wrong.
    var condition: MessageCondition?
    /// Patterns of `text` that have matched wherever the condition holds.
    var patterns: [DecodedPattern] = []
    /// A pattern could not be read, so that nothing follows from what is missing.
    var hasUnreadablePattern = false
}

/// What is known of the connections whose messages are looked at.
struct ConnectionKnowledge {
    /// They have a token, so that scopes and claims can be asked for.
    var hasToken: Bool
    /// Somebody is named, by a token or by an authorisation service.
    var hasSubject: Bool
}

extension PolicyDecoder {
    /// A condition: a rule's `when`, or one of those inside of it, which `subject` names to people.
    func messageCondition(
        _ node: YAMLNode, of connections: ConnectionKnowledge, subject: String = "`when`"
    ) -> DecodedCondition {
        guard let fields = fields(node, of: .condition, called: subject) else {
            return DecodedCondition(condition: nil, hasUnreadablePattern: true)
        }
        var reader = ConditionReader(decoder: self, connections: connections)
        reader.read(fields)
        return reader.decoded
    }
}

/// Reads the keys of one condition. All that they say must hold.
private struct ConditionReader {
    let decoder: PolicyDecoder
    let connections: ConnectionKnowledge
    private var parts: [MessageCondition] = []
    private var patterns: [DecodedPattern] = []
    private var hasUnreadablePattern = false
    private var isWrong = false

    init(decoder: PolicyDecoder, connections: ConnectionKnowledge) {
        self.decoder = decoder
        self.connections = connections
    }

    var decoded: DecodedCondition {
        DecodedCondition(
            condition: isWrong ? nil : parts.count == 1 ? parts[0] : .all(parts), patterns: patterns,
            hasUnreadablePattern: hasUnreadablePattern)
    }

    mutating func read(_ fields: Fields) {
        let direction = fields.choice("direction", Direction.self)
        take(direction.map { .sender($0 == .client ? .client : .upstream) }, of: "direction", fields)
        let opcode = fields.choice("opcode", MessageCondition.Opcode.self)
        take(opcode.map { .opcode($0) }, of: "opcode", fields)
        take(fields.decoded("size", decoder.messageSize), of: "size", fields)
        readText(fields, opcode)
        take(fields.decoded("json", decoder.jsonCondition), of: "json", fields)
        take(fields.decoded("binary", decoder.binaryCondition), of: "binary", fields)
        if fields["binary"] != nil, opcode == .text {
            decoder.refuse(
                fields.keyPosition("binary"),
                "`binary` looks at binary messages only, so beside `opcode: text` it never holds")
        }
        readNegation(fields, "not_json", .notJSON)
        readNegation(fields, "not_utf8", .notUTF8)
        for key in ["subject", "scope", "lacks_scope", "claim", "path", "query"] {
            let condition = fields.decoded(key) { [decoder, connections] node in
                decoder.connectionCondition(node, key, at: fields, of: connections)
            }
            take(condition, of: key, fields)
        }
        readNested(fields)
    }

    /// Adds what a key says, where it is there.
    private mutating func take(_ condition: MessageCondition?, of key: String, _ fields: Fields) {
        guard fields[key] != nil else { return }
        guard let condition else {
            isWrong = true
            return
        }
        parts.append(condition)
    }

    private mutating func readText(_ fields: Fields, _ opcode: MessageCondition.Opcode?) {
        guard let node = fields["text"] else { return }
        let found = decoder.textPatterns(node)
        patterns += found ?? []
        parts += (found ?? []).map { .text($0.pattern) }
        if found == nil {
            hasUnreadablePattern = true
            isWrong = true
        }
        if opcode == .binary {
            decoder.refuse(
                fields.keyPosition("text"),
                "`text` looks at text messages only, so beside `opcode: binary` it never holds")
        }
    }

    /// `not_json: true`
    private mutating func readNegation(_ fields: Fields, _ key: String, _ condition: MessageCondition) {
        let value = fields.boolean(key)
        if value == false {
            decoder.refuse(
                fields.keyPosition(key), "`\(key)` is only ever `true`; for its opposite write `not: { \(key): true }`")
        }
        take(value == true ? condition : nil, of: key, fields)
    }

    private mutating func readNested(_ fields: Fields) {
        for key in ["all", "any"] {
            guard let nodes = fields.list(key) else {
                if fields[key] != nil { isWrong = true }
                continue
            }
            if nodes.isEmpty {
                decoder.refuse(fields.keyPosition(key), "`\(key)` needs conditions: `\(key): [{ … }, { … }]`")
            }
            let inner = nodes.map { decoder.messageCondition($0, of: connections, subject: "a condition of `\(key)`") }
            take(inner, matches: key == "all" || inner.count == 1)
            let conditions = inner.compactMap(\.condition)
            parts.append(key == "all" ? .all(conditions) : .any(conditions))
        }
        if let node = fields["not"] {
            let inner = decoder.messageCondition(node, of: connections, subject: "`not`")
            take([inner], matches: false)
            if let condition = inner.condition { parts.append(.not(condition)) }
        }
    }

    private mutating func take(_ inner: [DecodedCondition], matches: Bool) {
        for decoded in inner {
            if decoded.condition == nil { isWrong = true }
            if decoded.hasUnreadablePattern { hasUnreadablePattern = true }
            if matches { patterns += decoded.patterns }
        }
    }
}

private enum Direction: String, CaseIterable {
    case client
    case upstream
}

extension PolicyDecoder {
    fileprivate func messageSize(_ node: YAMLNode) -> MessageCondition? {
        guard let fields = fields(node, of: .size) else { return nil }
        let over = fields.size("over", in: 0...1 << 30)
        let under = fields.size("under", in: 1...1 << 30)
        if fields["over"] == nil, fields["under"] == nil {
            refuse(fields.position, "`size` needs `over` or `under`, such as `over: 16KiB`")
        }
        // Over 4 and under 5 is no number; the difference cannot overflow within these ranges.
        if let over, let under, under - over < 2 {
            refuse(
                fields.position,
                "no size is both over \(Quantity.description(bytes: over)) and under \(Quantity.description(bytes: under))"
            )
        }
        return .size(over: over, under: under)
    }

    /// `binary: { prefix: "89504e47" }`
    fileprivate func binaryCondition(_ node: YAMLNode) -> MessageCondition? {
        guard let fields = fields(node, of: .binary) else { return nil }
        return fields.required("prefix", example: "\"89504e47\"") { node in
            guard let text = word(node, "prefix") else { return nil }
            let digits = text.unicodeScalars.map { Character($0).isASCII ? Character($0).hexDigitValue : nil }
            guard !digits.isEmpty, digits.count % 2 == 0, digits.count <= 512, !digits.contains(nil) else {
                refuse(
                    node.position,
                    "`prefix` must be 1 to 256 bytes in hexadecimal, two digits each, such as \"89504e47\", not \(quoted(text))"
                )
                return nil
            }
            let values = digits.compactMap { $0 }
            return .binaryPrefix(
                stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] * 16 + values[$0 + 1]) })
        }
    }
}
