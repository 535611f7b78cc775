import PolicyFile
import PolicyModel

/// What a policy says to a middleware or a filter: a mapping, read key by key.
///
/// Reading never fails. Where a value is missing or of another kind, that is noted with its line and column, and a stand-in is
/// given in its place, so that all that is wrong is told at once; what is made of it is thrown away. A key that is there, and has
/// not been asked for when all is read, is an error: so ask for all, whatever the others say.
public struct Settings {
    private let reader: SettingsReader

    init(_ reader: SettingsReader) {
        self.reader = reader
    }

    /// Whether a key is there.
    public func contains(_ key: String) -> Bool { reader.contains(key) }

    /// An error to throw where values can be read and yet will not do; `message` goes on behind the key's name: "must be later than
    /// `opens`". Where something else was wrong with the settings, that is told, and this is not.
    public func problem(_ key: String, _ message: String) -> SettingsError {
        SettingsError(reader.problem(key, message))
    }

    // MARK: - Values that must be there

    /// A text.
    public func string(_ key: String) -> String { reader.string(key, isRequired: true) ?? "" }

    /// `true` or `false`.
    public func boolean(_ key: String) -> Bool { reader.boolean(key, isRequired: true) ?? false }

    /// A whole number.
    public func integer(_ key: String, in range: ClosedRange<Int>) -> Int {
        reader.integer(key, in: range, isRequired: true) ?? range.lowerBound
    }

    /// A number, whole or not.
    public func number(_ key: String, in range: ClosedRange<Double>) -> Double {
        reader.number(key, in: range, isRequired: true) ?? range.lowerBound
    }

    /// `250ms`, `30s`, `5m`, `24h`, `7d`.
    public func duration(_ key: String, in range: ClosedRange<Duration>) -> Duration {
        reader.duration(key, in: range, isRequired: true) ?? range.lowerBound
    }

    /// Bytes: `512B`, `64KiB`, `1MiB`.
    public func size(_ key: String, in range: ClosedRange<Int>) -> Int {
        reader.size(key, in: range, isRequired: true) ?? range.lowerBound
    }

    /// One of an enumeration's words. It throws where there is none: nothing can stand in for it.
    public func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String, _ type: Choice.Type
    ) throws(SettingsError) -> Choice {
        guard let choice = reader.choice(key, type, isRequired: true) else { throw SettingsError() }
        return choice
    }

    /// A list of texts.
    public func strings(_ key: String) -> [String] { reader.strings(key, isRequired: true) ?? [] }

    /// A list of whole numbers.
    public func integers(_ key: String, in range: ClosedRange<Int>) -> [Int] {
        reader.integers(key, in: range, isRequired: true) ?? []
    }

    /// A mapping within.
    public func mapping(_ key: String) -> Settings {
        Settings(reader.mapping(key, isRequired: true) ?? .empty)
    }

    /// A list of mappings.
    public func mappings(_ key: String) -> [Settings] {
        reader.mappings(key, isRequired: true)?.map(Settings.init) ?? []
    }
}

/// Values that need not be there.
extension Settings {
    public func string(_ key: String, default value: String) -> String {
        reader.string(key, isRequired: false) ?? value
    }

    public func boolean(_ key: String, default value: Bool) -> Bool {
        reader.boolean(key, isRequired: false) ?? value
    }

    public func integer(_ key: String, in range: ClosedRange<Int>, default value: Int) -> Int {
        reader.integer(key, in: range, isRequired: false) ?? value
    }

    public func number(_ key: String, in range: ClosedRange<Double>, default value: Double) -> Double {
        reader.number(key, in: range, isRequired: false) ?? value
    }

    public func duration(_ key: String, in range: ClosedRange<Duration>, default value: Duration) -> Duration {
        reader.duration(key, in: range, isRequired: false) ?? value
    }

    public func size(_ key: String, in range: ClosedRange<Int>, default value: Int) -> Int {
        reader.size(key, in: range, isRequired: false) ?? value
    }

    public func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String, default value: Choice
    ) -> Choice {
        reader.choice(key, Choice.self, isRequired: false) ?? value
    }

    public func strings(_ key: String, default value: [String]) -> [String] {
        reader.strings(key, isRequired: false) ?? value
    }

    public func integers(_ key: String, in range: ClosedRange<Int>, default value: [Int]) -> [Int] {
        reader.integers(key, in: range, isRequired: false) ?? value
    }
}

/// Settings that will not do.
public struct SettingsError: Error, CustomStringConvertible {
    /// Empty where what is wrong has been noted already.
    let diagnostics: [Diagnostic]

    init(_ diagnostics: Diagnostic...) {
        self.diagnostics = diagnostics
    }

    init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    /// One line for each problem: `FILE:LINE:COLUMN: error: MESSAGE`.
    public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

extension SettingsReader {
    /// Nobody looks at what is noted there.
    fileprivate static var empty: SettingsReader {
        let nowhere = SourcePosition(file: "", line: 1, column: 1)
        return SettingsReader(
            ExtensionSettings(name: "", value: SettingsValue(content: .mapping([]), position: nowhere)))
    }
}
