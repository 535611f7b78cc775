/// What may stand in one mapping of the policy language: what the decoder takes its keys from, the JSON Schema is made of, and
/// the reference for people.
struct MappingDescription: Sendable {
    /// One of it, as messages name it: "a listener".
    let subject: String
    /// A sentence or two for people.
    let meaning: String
    /// In the order in which messages and the reference name them.
    let keys: [KeyDescription]
    /// One of its keys stands in it, and no other, as in `{ header: Authorization }`.
    var isChoice = false
    /// Keys of which some must stand there.
    var demands: [KeyDemand] = []
    var examples: [PolicyExample] = []
}

/// Of several keys some must stand in a mapping.
enum KeyDemand: Sendable {
    case atLeastOne([String])
    case exactlyOne([String])
}

/// One key of a mapping.
struct KeyDescription: Sendable {
    /// What holds where the key is not there.
    enum Absence: Sendable {
        /// It must be there.
        case required
        /// As if this stood there: a value in YAML.
        case value(String)
        /// What these words say; empty where nothing is to be said.
        case words(String)
    }

    let name: String
    let kind: ValueKind
    let absence: Absence
    /// A sentence or two for people, in Markdown.
    let meaning: String
    /// For a choice: the mapping with this key has others beside it, which this describes.
    var alternative: PolicyMapping?

    var isRequired: Bool { if case .required = absence { true } else { false } }

    static func required(_ name: String, _ kind: ValueKind, _ meaning: String) -> Self {
        Self(name: name, kind: kind, absence: .required, meaning: meaning)
    }

    /// `value`: what holds without it, in YAML.
    static func optional(_ name: String, _ kind: ValueKind, else value: String, _ meaning: String) -> Self {
        Self(name: name, kind: kind, absence: .value(value), meaning: meaning)
    }

    /// `words`: what holds without it, as people are told.
    static func optional(_ name: String, _ kind: ValueKind, or words: String = "", _ meaning: String) -> Self {
        Self(name: name, kind: kind, absence: .words(words), meaning: meaning)
    }
}

/// What may stand where a value does.
indirect enum ValueKind: Sendable {
    /// A text in which something stands.
    case text
    /// A text, the empty one too.
    case string
    /// A text of some form.
    case form(TextForm)
    case boolean
    /// `true` alone.
    case yes
    case integer(ClosedRange<Int>)
    case duration(ClosedRange<Duration>)
    /// In bytes.
    case size(ClosedRange<Int>)
    case choice([String])
    /// A number, whole or not.
    case number
    /// A text, a number, true, false or null.
    case scalar
    /// Anything.
    case value
    case list(ValueKind, minimum: Int = 0)
    case mapping(PolicyMapping)
    /// From names that the author chooses.
    case named(ValueKind, names: TextForm)
    case either([ValueKind])

    /// The words of a Swift enumeration.
    static func choice<Choice: CaseIterable & RawRepresentable<String>>(_: Choice.Type) -> Self {
        .choice(Choice.allCases.map(\.rawValue))
    }

    /// All durations that there are.
    static let everyDuration: ClosedRange<Duration> = .milliseconds(1) ... .seconds(366 * 86_400)
    static let anyDuration = ValueKind.duration(everyDuration)
}

/// A piece of a policy that shows how something is written.
struct PolicyExample: Sendable {
    /// What it is a piece of.
    enum Place: Sendable {
        /// Sections of a file.
        case file
        /// The keys of a route that has a `token`, beside its `name`, `match`, `upstream` and `middleware`.
        case route
        /// Entries of a route's `middleware`.
        case middleware
        /// Rules of a route's `messages`.
        case messages
    }

    let place: Place
    /// In YAML, without a line break at its end.
    let text: String

    init(_ place: Place, _ text: String) {
        self.place = place
        self.text = text
    }
}
