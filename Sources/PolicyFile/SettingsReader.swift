package import PolicyModel

/// Reads the settings of a middleware or a filter that is no built-in, key by key, and notes all that is wrong with them: values
/// of another kind, keys that are missing, and, once all has been read, keys that nobody has asked for.
///
/// What is made of settings with problems is not used, so whoever reads goes on with a stand-in where there is no value.
package final class SettingsReader {
    private let decoder: PolicyDecoder
    /// What it reads, for messages: "`office_hours`".
    private let subject: String
    private let position: SourcePosition
    private let entries: [YAMLNode.Entry]
    /// It is no mapping, so that nothing can be called missing.
    private let isBroken: Bool
    /// Keys that were asked for, whether they are there or not.
    private var asked: [String] = []
    private var missing: [String] = []
    private var inner: [SettingsReader] = []
    private let countBefore: Int

    /// Reads settings on their own.
    package convenience init(_ settings: ExtensionSettings) {
        self.init(settings, decoder: PolicyDecoder())
    }

    /// Reads settings out of a text of their own, which diagnostics call by `name`: for tests of whoever reads them.
    package static func parsing(_ yaml: String, name: String) -> Result<SettingsReader, PolicyFileError> {
        let outcome = YAMLParser.parse(PolicySource(name: name, bytes: Array(yaml.utf8)))
        guard let root = outcome.root, outcome.diagnostics.isEmpty else {
            let start = SourcePosition(file: name, line: 1, column: 1)
            let empty = Diagnostic(position: start, message: "there is nothing here; no settings are `{}`")
            return .failure(PolicyFileError(diagnostics: outcome.diagnostics.isEmpty ? [empty] : outcome.diagnostics))
        }
        return .success(SettingsReader(root, of: "`\(name)`", PolicyDecoder()))
    }

    /// Notes what is wrong with `decoder`.
    convenience init(_ settings: ExtensionSettings, decoder: PolicyDecoder) {
        self.init(YAMLNode(settings.value), of: "`\(settings.name)`", decoder)
    }

    private init(_ node: YAMLNode, of subject: String, _ decoder: PolicyDecoder) {
        self.decoder = decoder
        self.subject = subject
        position = node.position
        countBefore = decoder.diagnostics.count
        if case .mapping(let entries) = node.content {
            self.entries = entries
            isBroken = false
        } else {
            entries = []
            isBroken = true
            decoder.refuse(
                node.position,
                "\(subject) must be a mapping (`{}` where there is nothing to say), not \(node.kindDescription)")
        }
    }

    /// What is wrong so far, in the order in which it was found.
    package var diagnostics: [Diagnostic] { Array(decoder.diagnostics[countBefore...]) }

    /// Whether a value of this key has been given. It counts as read.
    package func contains(_ key: String) -> Bool { node(key, isRequired: false) != nil }

    /// Notes a problem with the value of a key, or with the whole where the key is not there. `message` is what comes behind
    /// the key's name: "must be …".
    package func problem(_ key: String, _ message: String) -> Diagnostic {
        let place = entries.first { $0.key == key }?.value.position ?? position
        return Diagnostic(position: place, message: "`\(key)` \(Self.oneLine(message))")
    }

    /// Notes it, unless something was wrong before: what is said of stand-ins helps nobody.
    package func note(_ problem: Diagnostic) {
        guard diagnostics.isEmpty, !lacksAnything else { return }
        decoder.add(problem)
    }

    private var lacksAnything: Bool { !missing.isEmpty || inner.contains(where: \.lacksAnything) }

    /// Names of fields toward the upstream that somebody wants to set.
    package func checkUpstreamHeaders(_ names: [String]) {
        for name in names {
            if !HeaderName.isValid(name) {
                decoder.refuse(
                    position, "\(subject) would set \(quoted(name)), which is no header name (RFC 9110 section 5.1)")
            } else if HeaderName.isOwned(name, by: .request) {
                decoder.refuse(position, "\(subject) would set \(quoted(name)), a header that belongs to the gateway")
            }
        }
    }

    /// Notes what is missing. With `isComplete` all has been asked for that there may be, and any other key is unknown.
    package func finish(isComplete: Bool = true) {
        var misspelt: Set<String> = []
        if isComplete {
            for entry in entries where !asked.contains(entry.key) {
                if let meant = decoder.refuseKey(entry, of: subject, keys: asked) { misspelt.insert(meant) }
            }
        }
        if !isBroken {
            for key in missing where !misspelt.contains(key) { decoder.refuse(position, "\(subject) needs `\(key)`") }
        }
        missing = []
        for reader in inner { reader.finish(isComplete: isComplete) }
    }

    // MARK: - Values

    // Each gives nil where there is none, or no good one, which is noted; that there is none only where it is required.

    package func string(_ key: String, isRequired: Bool) -> String? {
        read(key, isRequired) { decoder.string($0, key) }
    }

    package func boolean(_ key: String, isRequired: Bool) -> Bool? {
        read(key, isRequired) { decoder.boolean($0, key) }
    }

    package func integer(_ key: String, in range: ClosedRange<Int>, isRequired: Bool) -> Int? {
        read(key, isRequired) { decoder.integer($0, key, in: range) }
    }

    package func number(_ key: String, in range: ClosedRange<Double>, isRequired: Bool) -> Double? {
        read(key, isRequired) { decoder.number($0, key, in: range) }
    }

    package func duration(_ key: String, in range: ClosedRange<Duration>, isRequired: Bool) -> Duration? {
        let words = "from \(Quantity.description(range.lowerBound)) to \(Quantity.description(range.upperBound))"
        return read(key, isRequired) { decoder.duration($0, key, in: range, words) }
    }

    package func size(_ key: String, in range: ClosedRange<Int>, isRequired: Bool) -> Int? {
        read(key, isRequired) { decoder.size($0, key, in: range) }
    }

    package func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String, _ type: Choice.Type, isRequired: Bool
    ) -> Choice? {
        read(key, isRequired) { decoder.choice($0, key, type) }
    }

    package func strings(_ key: String, isRequired: Bool) -> [String]? {
        read(key, isRequired) { node in
            decoder.list(node, key).map { nodes in decoder.each(nodes) { decoder.string($0, key) } }
        }
    }

    package func integers(_ key: String, in range: ClosedRange<Int>, isRequired: Bool) -> [Int]? {
        read(key, isRequired) { node in
            decoder.list(node, key).map { nodes in decoder.each(nodes) { decoder.integer($0, key, in: range) } }
        }
    }

    /// Settings within the settings, which ``finish(isComplete:)`` looks through as well.
    package func mapping(_ key: String, isRequired: Bool) -> SettingsReader? {
        node(key, isRequired: isRequired).map { reader($0, key) }
    }

    package func mappings(_ key: String, isRequired: Bool) -> [SettingsReader]? {
        read(key, isRequired) { node in decoder.list(node, key)?.map { reader($0, key) } }
    }

    private func reader(_ node: YAMLNode, _ key: String) -> SettingsReader {
        let reader = SettingsReader(node, of: "`\(key)`", decoder)
        inner.append(reader)
        return reader
    }

    private func read<Value>(_ key: String, _ isRequired: Bool, _ decode: (YAMLNode) -> Value?) -> Value? {
        node(key, isRequired: isRequired).flatMap { decoder.checked($0, decode) }
    }

    private func node(_ key: String, isRequired: Bool) -> YAMLNode? {
        if !asked.contains(key) { asked.append(key) }
        if let entry = entries.first(where: { $0.key == key }) { return entry.value }
        if isRequired, !missing.contains(key) { missing.append(key) }
        return nil
    }

    /// A diagnostic is one line of some length, whoever writes it.
    private static func oneLine(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(500).map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: Unicode.Scalar(" ")
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
