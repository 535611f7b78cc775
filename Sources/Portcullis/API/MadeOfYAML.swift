import PolicyFile

extension HandshakeMiddleware {
    /// Made from settings in YAML, as a policy would have them, for tests. It throws all that is wrong with them.
    public init(yaml: String) throws(SettingsError) {
        self = try made(of: yaml, name: Self.name) { settings throws(SettingsError) in try Self(settings: settings) }
    }
}

extension MessageFilter {
    /// Made from settings in YAML, as a policy would have them, for tests. It throws all that is wrong with them.
    public init(yaml: String) throws(SettingsError) {
        self = try made(of: yaml, name: Self.name) { settings throws(SettingsError) in try Self(settings: settings) }
    }
}

private func made<Value>(
    of yaml: String, name: String, _ make: (Settings) throws(SettingsError) -> Value
) throws(SettingsError) -> Value {
    switch SettingsReader.parsing(yaml, name: name) {
    case .failure(let error): throw SettingsError(error.diagnostics)
    case .success(let reader):
        guard let value = reader.making(make) else { throw SettingsError(reader.diagnostics.sorted()) }
        return value
    }
}
