import PolicyModel
import Testing

@testable import PolicyFile

/// Holds the description of the language against the decoder, which takes its keys from it.
struct PolicyMappingTests {
    @Test("each mapping is described, with keys that differ", arguments: PolicyMapping.allCases)
    func described(_ mapping: PolicyMapping) {
        let description = mapping.description
        #expect(!description.meaning.isEmpty && description.meaning.hasSuffix("."))
        #expect(Set(mapping.keyNames).count == mapping.keyNames.count)
        for key in description.keys { #expect(key.meaning.hasSuffix("."), "\(key.name)") }
        let demanded = description.demands.flatMap { demand in
            switch demand {
            case .atLeastOne(let keys), .exactlyOne(let keys): keys
            }
        }
        #expect(Set(demanded).isSubset(of: mapping.keyNames))
    }

    @Test("middleware entries are those that there are")
    func middleware() {
        #expect(PolicyMapping.middlewareEntry.keyNames == MiddlewareDecoder.all.map(\.name))
        #expect(
            PolicyMapping.admissionEntry.keyNames == MiddlewareDecoder.all.filter(\.runsBeforeTLS).map(\.name))
        for (key, decoder) in zip(PolicyMapping.middlewareEntry.description.keys, MiddlewareDecoder.all) {
            guard case .mapping(let mapping) = key.kind else {
                Issue.record("\(key.name)")
                continue
            }
            #expect(mapping == decoder.mapping)
        }
    }

    @Test("every key of every mapping stands somewhere in the corpus")
    func everyKey() {
        var missing = Set(PolicyMapping.allCases.flatMap { mapping in mapping.keyNames.map { "\(mapping).\($0)" } })
        var empty = Set(PolicyMapping.allCases)
        for place in LanguageCorpus.places {
            empty.remove(place.mapping)
            for key in place.mapping.keyNames where place.value(of: key) != nil {
                missing.remove("\(place.mapping).\(key)")
            }
        }
        #expect(missing.sorted() == [])
        #expect(empty.map(\.rawValue).sorted() == [])
    }

    @Test("the corpus has no mistakes", arguments: LanguageCorpus.documents)
    func corpus(_ document: LanguageCorpus.Document) throws {
        #expect(LanguageCorpus.decoded(document.root).errors == [])
        #expect(try LanguageCorpus.isValid(document.root))
    }

    /// Each key of a mapping, in the first document that has it.
    private static func each(
        _ mapping: PolicyMapping, _ body: (LanguageCorpus.Place, KeyDescription) throws -> Void
    ) throws {
        for key in mapping.description.keys {
            guard
                let place = LanguageCorpus.places.first(where: {
                    $0.mapping == mapping && $0.value(of: key.name) != nil
                })
            else { continue }
            try body(place, key)
        }
    }

    @Test("a key that is not known is refused by the decoder and by the schema", arguments: PolicyMapping.allCases)
    func unknownKeys(_ mapping: PolicyMapping) throws {
        for place in LanguageCorpus.places.filter({ $0.mapping == mapping }).prefix(3) {
            let changed = place.setting("zz_unknown", try LanguageCorpus.yaml("1"))
            #expect(!LanguageCorpus.decoded(changed).errors.isEmpty)
            #expect(try !LanguageCorpus.isValid(changed))
        }
    }

    @Test("each key is read, and what it cannot be is refused by both", arguments: PolicyMapping.allCases)
    func nonsense(_ mapping: PolicyMapping) throws {
        try Self.each(mapping) { place, key in
            if case .value = key.kind { return }
            for text in ["{ zz: [[1]] }", "[[[]]]"] {
                let changed = place.setting(key.name, try LanguageCorpus.yaml(text))
                #expect(!LanguageCorpus.decoded(changed).errors.isEmpty, "\(key.name): \(text)")
                #expect(try !LanguageCorpus.isValid(changed), "\(key.name): \(text)")
            }
        }
    }

    @Test("what the decoder accepts the schema does", arguments: PolicyMapping.allCases)
    func noFalseAlarm(_ mapping: PolicyMapping) throws {
        let values = [
            "\"\"", "7", "1.5", "true", "null", "zz", "\"a b\"", "/x", "10/1s", "1KiB", "5s", "[]", "[zz]", "{}", "[7]",
            "\"${client.ip}\"", "https://a.example.com", "a.example.com", "10.0.0.0/8", "\"[::1]:7\"", "1.3", "[{}]",
        ]
        try Self.each(mapping) { place, key in
            for text in values {
                let changed = place.setting(key.name, try LanguageCorpus.yaml(text))
                guard LanguageCorpus.decoded(changed).errors.isEmpty else { continue }
                #expect(try LanguageCorpus.isValid(changed), "\(key.name): \(text)")
            }
        }
    }

    @Test("keys that must be there", arguments: PolicyMapping.allCases)
    func required(_ mapping: PolicyMapping) throws {
        try Self.each(mapping) { place, key in
            let changed = place.replacing { entries in entries.filter { $0.key != key.name } }
            let errors = LanguageCorpus.decoded(changed).errors
            let isValid = try LanguageCorpus.isValid(changed)
            let isMissed = errors.contains { $0.contains("needs `\(key.name)`") }
            if key.isRequired {
                #expect(!errors.isEmpty, "\(key.name)")
                #expect(!isValid, "\(key.name)")
            } else if errors.isEmpty {
                #expect(isValid, "\(key.name)")
            } else {
                let isDemanded = !mapping.description.demands.isEmpty || mapping.description.isChoice
                #expect(!isMissed || isDemanded, "\(key.name): \(errors)")
            }
        }
    }

    @Test("what holds without a key is what it says", arguments: PolicyMapping.allCases)
    func absences(_ mapping: PolicyMapping) throws {
        for key in mapping.description.keys {
            guard case .value(let text) = key.absence else { continue }
            let value = try LanguageCorpus.yaml(text)
            var isSeen = false
            for place in LanguageCorpus.places where place.mapping == mapping && place.value(of: key.name) == nil {
                let (changed, errors) = LanguageCorpus.decoded(place.setting(key.name, value))
                // Some keys go with some others only.
                guard errors.isEmpty else { continue }
                isSeen = true
                #expect(Self.shown(changed) == Self.shown(LanguageCorpus.decoded(place.document).policy), "\(key.name)")
            }
            #expect(isSeen, "\(key.name) is nowhere left out where it may be written")
        }
    }

    /// All that a policy says, without digests of how it is written.
    private static func shown(_ policy: Policy) -> String {
        "\(policy)".replacing(/PolicyForm\(digest: -?\d+\)/, with: "")
    }

    @Test("bounds are the decoder's", arguments: PolicyMapping.allCases)
    func bounds(_ mapping: PolicyMapping) throws {
        try Self.each(mapping) { place, key in
            for (text, isWithin) in Self.edges(of: key.kind) {
                let changed = place.setting(key.name, try LanguageCorpus.yaml(text))
                let errors = LanguageCorpus.decoded(changed).errors
                let isRefused = errors.contains { $0.hasPrefix("`\(key.name)` must") }
                #expect(isRefused == !isWithin, "\(key.name): \(text) \(errors)")
                if isWithin { #expect(try LanguageCorpus.isValid(changed), "\(key.name): \(text)") }
            }
        }
    }

    /// Values at the edges of what a key may be, and beside them.
    private static func edges(of kind: ValueKind) -> [(String, Bool)] {
        switch kind {
        case .integer(let range):
            [
                ("\(range.lowerBound)", true), ("\(range.upperBound)", true), ("\(range.lowerBound - 1)", false),
                ("\(range.upperBound + 1)", false),
            ]
        case .size(let range):
            [("\(range.lowerBound)B", true), ("\(range.upperBound)B", true), ("\(range.upperBound + 1)B", false)]
                + (range.lowerBound > 0 ? [("\(range.lowerBound - 1)B", false)] : [])
        case .duration(let range):
            [range.lowerBound, range.upperBound].map { ("\(milliseconds($0))ms", true) } + [
                ("\(milliseconds(range.lowerBound) - 1)ms", false), ("\(milliseconds(range.upperBound) + 1)ms", false),
            ]
        case .choice(let words): words.map { ($0, true) } + [("zz", false)]
        default: []
        }
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    }
}
