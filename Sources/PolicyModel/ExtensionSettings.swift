/// What a policy says to a middleware or a message filter that is no built-in. Only whoever made it knows what that means.
package struct ExtensionSettings: Sendable, Hashable {
    /// The name in the policy language.
    package var name: String
    package var value: SettingsValue

    package init(name: String, value: SettingsValue) {
        self.name = name
        self.value = value
    }
}

/// A value as the policy's file has it, with the place where it stands.
package struct SettingsValue: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package var key: String
        package var keyPosition: SourcePosition
        package var value: SettingsValue

        package init(key: String, keyPosition: SourcePosition, value: SettingsValue) {
            self.key = key
            self.keyPosition = keyPosition
            self.value = value
        }
    }

    package enum Content: Sendable, Hashable {
        /// `isPlain`: not in quotes, so that it may be a number, a boolean or nothing at all.
        case scalar(String, isPlain: Bool)
        case list([SettingsValue])
        /// In file order; no key stands twice.
        case mapping([Entry])
    }

    package var content: Content
    package var position: SourcePosition

    package init(content: Content, position: SourcePosition) {
        self.content = content
        self.position = position
    }
}
