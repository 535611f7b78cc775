import PolicyModel

extension PolicyTestDecoder {
    /// One entry of `messages`.
    func message(_ node: YAMLNode) -> TestMessage? {
        guard
            let fields = decoder.fields(
                node, inTests: "a message", keys: ["send", "from", "after", "repeat", "expect"])
        else { return nil }
        let payload = fields.required("send", example: "{ json: { type: hello } }", sent)
        let expectation = fields.required("expect", example: "passed", messageExpectation)
        let sender = fields.choice("from", MessageSender.self)
        let delay = fields.duration("after")
        let repetitions = fields.integer("repeat", in: 1...Self.maximumRepetitions)
        guard let payload, let expectation else { return nil }
        return TestMessage(
            payload: payload, sender: sender ?? .client, delay: delay ?? .zero, repetitions: repetitions ?? 1,
            expectation: expectation)
    }

    /// What may be sent: a payload, or a fresh token of these claims.
    private func sent(_ node: YAMLNode) -> TestPayload? {
        guard case .mapping(let entries) = node.content, entries.contains(where: { $0.key == "renewal" }) else {
            return payload(node, of: "`send`")
        }
        guard let fields = decoder.fields(node, inTests: "`send`", keys: ["renewal"]) else { return nil }
        return fields.decoded("renewal", claims).map { .renewal($0) }
    }

    private static let payloads = ["text", "json", "binary"]

    /// A text, or `{ text: … }`, `{ json: … }` or `{ binary: HEX }`.
    func payload(_ node: YAMLNode, of subject: String) -> TestPayload? {
        if case .scalar = node.content { return decoder.string(node, subject.filter { $0 != "`" }).map { .text($0) } }
        let keys = Self.payloads + ["times", "padded_to"]
        guard let fields = decoder.fields(node, inTests: subject, keys: keys) else { return nil }
        let kinds = Self.payloads.filter { fields[$0] != nil }
        guard kinds.count == 1 else {
            if !Self.payloads.contains(where: fields.isMisspelt) {
                decoder.refuse(
                    fields.position, "\(subject) has one of \(alternatives(Self.payloads)), not \(kinds.count) of them")
            }
            return nil
        }
        if kinds[0] == "json", fields["times"] != nil {
            decoder.refuse(
                fields.keyPosition("times"), "`times` repeats a text or bytes; JSON is made longer with `padded_to`")
        } else if kinds[0] != "json", fields["padded_to"] != nil {
            decoder.refuse(
                fields.keyPosition("padded_to"), "`padded_to` is for JSON; repeat a text or bytes with `times`")
        }
        let times = fields.integer("times", in: 1...PolicyTestBudget.maximumBytes) ?? 1
        switch kinds[0] {
        case "json": return json(fields)
        case "text":
            guard let text = fields.string("text"), fits(text.utf8.count, times, fields) else { return nil }
            return .text(String(repeating: text, count: times))
        default:
            guard let bytes = fields.decoded("binary", bytes), fits(bytes.count, times, fields) else { return nil }
            return .binary(Array(repeatElement(bytes, count: times).joined()))
        }
    }

    /// With spaces behind it, where it has to have a length.
    private func json(_ fields: Fields) -> TestPayload? {
        let length = fields.size("padded_to", in: 1...PolicyTestBudget.maximumBytes)
        guard let value = fields.decoded("json", { decoder.jsonTree($0, "json") }) else { return nil }
        guard let length else { return .json(value) }
        let text = value.text
        guard text.utf8.count <= length else {
            decoder.refuse(
                fields.keyPosition("padded_to"),
                "`padded_to` is less than the \(text.utf8.count) bytes that the JSON has")
            return nil
        }
        guard fits(length, 1, fields) else { return nil }
        return .text(text + String(repeating: " ", count: length - text.utf8.count))
    }

    private func fits(_ count: Int, _ times: Int, _ fields: Fields) -> Bool {
        if budget.take(count, times: times) { return true }
        let place = fields["times"] == nil ? fields.position : fields.keyPosition("times")
        decoder.refuse(place, "the messages of a test file have at most 16 MiB together; repeat a text less often")
        return false
    }

    /// Two hexadecimal digits each; spaces are for readers.
    private func bytes(_ node: YAMLNode) -> [UInt8]? {
        guard let text = decoder.word(node, "binary") else { return nil }
        let digits = text.unicodeScalars.filter { $0 != " " }.map {
            Character($0).isASCII ? Character($0).hexDigitValue : nil
        }
        let values = digits.compactMap { $0 }
        guard values.count == digits.count, values.count % 2 == 0 else {
            decoder.refuse(
                node.position,
                "`binary` is bytes in hexadecimal, two digits each, such as \"89504e47\", not \(quoted(text))")
            return nil
        }
        return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] * 16 + values[$0 + 1]) }
    }
}

extension PolicyTestDecoder {
    private static let outcomes = ["passed", "edited", "dropped", "reply", "renewed", "closed"]

    /// A word, or a mapping with one of the words and what is expected besides.
    func messageExpectation(_ node: YAMLNode) -> MessageExpectation? {
        if case .scalar(let text, _) = node.content {
            guard let outcome = plainOutcome(text) else {
                refuseOutcome(node, text)
                return nil
            }
            return MessageExpectation(outcome, position: node.position)
        }
        guard let fields = decoder.fields(node, inTests: "`expect`", keys: Self.outcomes + ["rule", "shadow"]) else {
            return nil
        }
        let chosen = Self.outcomes.filter { fields[$0] != nil }
        guard chosen.count == 1, let value = fields[chosen[0]] else {
            if !Self.outcomes.contains(where: fields.isMisspelt) {
                decoder.refuse(
                    fields.position, "`expect` has one of \(alternatives(Self.outcomes)), not \(chosen.count) of them")
            }
            return nil
        }
        guard let outcome = decoder.checked(value, { outcome(chosen[0], $0) }) else { return nil }
        var expectation = MessageExpectation(outcome, position: fields.keyPosition(chosen[0]))
        if let node = fields["rule"] {
            if case .sequence(let names) = node.content, names.isEmpty {
                decoder.refuse(
                    node.position, "`rule` is empty and checks nothing; name the rules that act, or leave it out")
            }
            expectation.rules = names(node, "rule")
        }
        expectation.shadow = fields["shadow"].map { names($0, "shadow") }
        return expectation
    }

    private func plainOutcome(_ text: String) -> MessageExpectation.Outcome? {
        switch text {
        case "passed": .passed
        case "edited": .edited(nil)
        case "dropped": .dropped
        case "reply": .reply(nil)
        case "renewed": .renewed
        case "closed": .closed(code: nil, reason: nil)
        default: nil
        }
    }

    private func refuseOutcome(_ node: YAMLNode, _ text: String) {
        let meant = Suggestion.nearest(to: text, among: Self.outcomes)
        decoder.refuse(
            node.position,
            "`expect` of a message is \(alternatives(Self.outcomes)), or a mapping with one of them, not \(node.kindDescription)"
                + (meant.map { "; did you mean `\($0)`?" } ?? ""))
    }

    /// What stands under one of the words; `true` for no more than the word.
    private func outcome(_ word: String, _ node: YAMLNode) -> MessageExpectation.Outcome? {
        if node.scalarKind == .boolean(true) { return plainOutcome(word) }
        switch word {
        case "edited": return payload(node, of: "`edited`").map { .edited($0) }
        case "reply": return payload(node, of: "`reply`").map { .reply($0) }
        case "closed": return closed(node)
        default:
            decoder.refuse(node.position, "`\(word)` is only ever `true`, not \(node.kindDescription)")
            return nil
        }
    }

    /// `1008`, or `{ code: 1008, reason: … }`
    private func closed(_ node: YAMLNode) -> MessageExpectation.Outcome? {
        if case .scalar = node.content { return closeCode(node, "closed").map { .closed(code: $0, reason: nil) } }
        guard let fields = decoder.fields(node, inTests: "`closed`", keys: ["code", "reason"]) else { return nil }
        let code = fields.decoded("code") { closeCode($0, "code") }
        return .closed(code: code, reason: fields.string("reason"))
    }

    private func closeCode(_ node: YAMLNode, _ key: String) -> UInt16? {
        decoder.integer(node, key, in: 1000...4999).map { UInt16($0) }
    }

    /// A name, or a list of them.
    private func names(_ node: YAMLNode, _ key: String) -> [String] {
        if case .sequence = node.content { return texts(node, key) }
        return decoder.checked(node) { decoder.text($0, key) }.map { [$0] } ?? []
    }
}
