import PolicyModel

extension PolicyDecoder {
    /// The settings of an entry for a middleware or a filter that is no built-in, checked by itself. nil where it has said
    /// what is wrong.
    func extensionSettings(_ entry: YAMLNode.Entry, _ item: ExtensionCatalog.Item) -> ExtensionSettings? {
        let before = errorCount
        let settings = ExtensionSettings(name: item.name, value: SettingsValue(entry.value))
        item.check(SettingsReader(settings, decoder: self))
        return errorCount == before ? settings : nil
    }

    /// The same for an entry of `middleware`, among whose settings `mode` stands, which is everybody's.
    func extensionEntry(_ entry: YAMLNode.Entry, _ item: ExtensionCatalog.Item) -> DecodedEntry {
        var decoded = DecodedEntry(name: item.name, mode: .enforce, position: entry.keyPosition)
        decoded.entry = checked(entry.value) { node in
            let (rest, mode) = node.splitting("mode")
            if let mode { decoded.mode = checked(mode) { choice($0, "mode", EnforcementMode.self) } }
            let own = YAMLNode.Entry(key: entry.key, keyPosition: entry.keyPosition, value: rest)
            guard let settings = extensionSettings(own, item), let mode = decoded.mode else { return nil }
            return MiddlewareEntry(settings: .custom(settings), mode: mode, position: entry.keyPosition)
        }
        return decoded
    }
}

extension YAMLNode {
    /// A mapping without one of its keys, and that key's value.
    fileprivate func splitting(_ key: String) -> (rest: YAMLNode, value: YAMLNode?) {
        guard case .mapping(let entries) = content, let entry = entries.first(where: { $0.key == key }) else {
            return (self, nil)
        }
        let rest = YAMLNode(
            content: .mapping(entries.filter { $0.key != key }), position: position, count: count, height: height)
        return (rest, entry.value)
    }

    init(_ value: SettingsValue) {
        let content: Content
        switch value.content {
        case .scalar(let text, let isPlain): content = .scalar(text, isPlain: isPlain)
        case .list(let elements): content = .sequence(elements.map { YAMLNode($0) })
        case .mapping(let entries):
            content = .mapping(
                entries.map { Entry(key: $0.key, keyPosition: $0.keyPosition, value: YAMLNode($0.value)) })
        }
        // The parser has counted, and nobody else does.
        self.init(content: content, position: value.position, count: 0, height: 0)
    }
}

extension SettingsValue {
    init(_ node: YAMLNode) {
        let content: Content
        switch node.content {
        case .scalar(let text, let isPlain): content = .scalar(text, isPlain: isPlain)
        case .sequence(let elements): content = .list(elements.map { SettingsValue($0) })
        case .mapping(let entries):
            content = .mapping(
                entries.map { Entry(key: $0.key, keyPosition: $0.keyPosition, value: SettingsValue($0.value)) })
        }
        self.init(content: content, position: node.position)
    }
}
