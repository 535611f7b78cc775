import PolicyModel

/// The keys of one mapping, all of them known ones.
struct Fields {
    /// Where the mapping stands.
    let position: SourcePosition
    /// What it describes, for messages: "a listener".
    private let subject: String
    private let values: [String: YAMLNode.Entry]
    /// Keys that are probably there under another spelling, which has been said.
    private let misspelt: Set<String>
    private let decoder: PolicyDecoder

    fileprivate init(
        _ position: SourcePosition, _ subject: String, _ entries: [YAMLNode.Entry], misspelt: [String],
        _ decoder: PolicyDecoder
    ) {
        self.misspelt = Set(misspelt)
        self.position = position
        self.subject = subject
        self.values = Dictionary(entries.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        self.decoder = decoder
    }

    /// nil where the key is not there.
    subscript(key: String) -> YAMLNode? { values[key]?.value }

    /// Where the key itself stands.
    func keyPosition(_ key: String) -> SourcePosition { values[key]?.keyPosition ?? position }

    /// The value of a key that must be there.
    func required(_ key: String, example: String? = nil) -> YAMLNode? {
        if let value = self[key] { return value }
        if isMisspelt(key) { return nil }
        decoder.refuse(position, "\(subject) needs `\(key)`" + (example.map { ", such as `\(key): \($0)`" } ?? ""))
        return nil
    }

    /// The decoded value of a key that must be there.
    func required<Value>(_ key: String, example: String? = nil, _ decode: (YAMLNode) -> Value?) -> Value? {
        required(key, example: example).flatMap { decoder.checked($0, decode) }
    }

    /// The decoded value of a key that may be there.
    func decoded<Value>(_ key: String, _ decode: (YAMLNode) -> Value?) -> Value? {
        self[key].flatMap { decoder.checked($0, decode) }
    }

    /// Whether a key that is not there is probably meant by one that is not known.
    func isMisspelt(_ key: String) -> Bool { misspelt.contains(key) }

    func string(_ key: String) -> String? { decoded(key) { decoder.string($0, key) } }
    func boolean(_ key: String) -> Bool? { decoded(key) { decoder.boolean($0, key) } }
    func duration(_ key: String) -> Duration? { decoded(key) { decoder.duration($0, key) } }
    func list(_ key: String) -> [YAMLNode]? { decoded(key) { decoder.list($0, key) } }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        decoded(key) { decoder.integer($0, key, in: range) }
    }

    func size(_ key: String, in range: ClosedRange<Int>) -> Int? {
        decoded(key) { decoder.size($0, key, in: range) }
    }

    func choice<Choice: CaseIterable & RawRepresentable<String>>(_ key: String, _ type: Choice.Type) -> Choice? {
        decoded(key) { decoder.choice($0, key, type) }
    }
}

extension PolicyDecoder {
    /// The keys of a mapping. Each one that its description does not have is an error; those in `later` are known, but not
    /// supported by this version. `subject`: what messages call it here. nil where `node` is no mapping.
    func fields(
        _ node: YAMLNode, of mapping: PolicyMapping, called subject: String? = nil, later: [String] = []
    ) -> Fields? {
        fields(node, inTests: subject ?? mapping.description.subject, keys: mapping.keyNames, later: later)
    }

    /// The same for a mapping of the language of policy tests, which has no description: `subject` is what messages call it.
    func fields(_ node: YAMLNode, inTests subject: String, keys: [String], later: [String] = []) -> Fields? {
        guard case .mapping(let entries) = node.content else {
            let example = keys.first.map { ", with keys such as `\($0)`" } ?? " (`{}`)"
            refuse(node.position, "\(subject) must be a mapping\(example), not \(node.kindDescription)")
            return nil
        }
        let misspelt = entries.filter { !keys.contains($0.key) }.compactMap { entry in
            refuseKey(entry, of: subject, keys: keys, later: later)
        }
        return Fields(node.position, subject, entries, misspelt: misspelt, self)
    }

    /// Says that a key is not known here, and which one was probably meant; gives that one.
    @discardableResult
    func refuseKey(_ entry: YAMLNode.Entry, of subject: String, keys: [String], later: [String] = []) -> String? {
        if later.contains(entry.key) {
            refuse(entry.keyPosition, "`\(entry.key)` in \(subject) is not supported by this version")
            return nil
        }
        var message = "unknown key \(quoted(entry.key)) in \(subject)"
        let meant = Suggestion.key(for: entry.key, among: keys)
        if let suggestion = meant {
            message += "; did you mean `\(suggestion)`?"
        } else if let suggestion = Suggestion.key(for: entry.key, among: later) {
            message += "; `\(suggestion)` is not supported by this version"
        } else if keys.isEmpty {
            message += "; it has no keys"
        } else {
            message += "; its keys are \(keys.map { "`\($0)`" }.joined(separator: ", "))"
        }
        refuse(entry.keyPosition, message, suggestion: meant)
        return meant
    }

    /// The one key of a mapping such as `{ header: Authorization }`, whichever of those it is that its description has, or that
    /// are `added` to them.
    func single(_ node: YAMLNode, of mapping: PolicyMapping, adding added: [String] = []) -> YAMLNode.Entry? {
        let (subject, keys) = (mapping.description.subject, mapping.keyNames + added)
        let choice = keys.count == 1 ? alternatives(keys) : "one of \(alternatives(keys))"
        guard case .mapping(let entries) = node.content else {
            refuse(
                node.position,
                "\(subject) must be a mapping with \(choice), not \(node.kindDescription)")
            return nil
        }
        var chosen: [YAMLNode.Entry] = []
        for entry in entries {
            if keys.contains(entry.key) {
                chosen.append(entry)
            } else {
                refuseKey(entry, of: subject, keys: keys)
            }
        }
        if let second = chosen.dropFirst().first {
            refuse(
                second.keyPosition,
                "\(subject) has one key, and `\(second.key)` is a second one beside `\(chosen[0].key)`; move it to one of its own"
            )
        }
        if entries.isEmpty { refuse(node.position, "\(subject) needs \(choice)") }
        return chosen.count == 1 ? chosen.first : nil
    }
}
