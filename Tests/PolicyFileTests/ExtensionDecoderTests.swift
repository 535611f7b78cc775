import PolicyModel
import Testing

@testable import PolicyFile

private let catalog = ExtensionCatalog(
    middleware: [
        ExtensionCatalog.Item(name: "office_hours") { reader in
            _ = reader.integer("opens", in: 0...23, isRequired: true)
            _ = reader.integer("closes", in: 0...24, isRequired: false)
            reader.finish()
        }
    ],
    filters: [
        ExtensionCatalog.Item(name: "word_mask") { reader in
            _ = reader.strings("words", isRequired: true)
            reader.finish()
        }
    ])

private func load(
    _ entry: String, admission: String = "[]", door: String = "public: true", rule: String = "do: drop"
) -> LoadedPolicy {
    let text = """
        listeners:
          front: { address: "127.0.0.1:1", tls: { certificates: [{ certificate: a, private_key: b }] }, admission: \(admission) }
        upstreams: { u: { endpoints: ["ws://127.0.0.1:2"] } }
        routes:
          - { name: r, match: { path: / }, upstream: u, \(door), middleware: [\(entry)],
              messages: [{ name: m, from: client, \(rule) }] }
        """
    return PolicyLoader.decode([PolicySource(name: "p", bytes: Array(text.utf8))], extensions: catalog)
}

@Suite struct ExtensionDecoderTests {
    @Test(
        "its settings are kept as they are, without the mode, which is everybody's",
        arguments: [EnforcementMode.enforce, .shadow])
    func modes(_ mode: EnforcementMode) throws {
        let entry = try #require(
            try load("{ office_hours: { opens: 8, mode: \(mode.rawValue) } }").get().routes[0].middleware.first)
        #expect(entry.mode == mode && entry.settings.name == "office_hours")
        guard case .custom(let settings) = entry.settings, case .mapping(let entries) = settings.value.content else {
            Issue.record("its settings are not there")
            return
        }
        #expect(entries.map(\.key) == ["opens"])
        #expect(entries[0].value.content == .scalar("8", isPlain: true))
        #expect(entries[0].keyPosition.line == 5)
    }

    @Test(
        "what is wrong is told where it stands",
        arguments: [
            ("office_hours: { opens: 24 }", ["p:5:101: error: `opens` must be from 0 to 23, not `24`"]),
            (
                "office_hours: { open: 8 }",
                ["p:5:94: error: unknown key `open` in `office_hours`; did you mean `opens`?"]
            ),
            ("office_hours: {}", ["p:5:92: error: `office_hours` needs `opens`"]),
            (
                "office_hours: 8",
                ["p:5:92: error: `office_hours` must be a mapping (`{}` where there is nothing to say), not `8`"]
            ),
            (
                "office_hours: { opens: 8, mode: shadows }",
                ["p:5:110: error: `mode` must be `enforce` or `shadow`, not `shadows`; did you mean `shadow`?"]
            ),
            (
                "office_hour: { opens: 8 }",
                ["p:5:78: error: unknown key `office_hour` in a `middleware` entry; did you mean `office_hours`?"]
            ),
            ("word_mask: {}", ["p:5:78: error: unknown key `word_mask` in a `middleware` entry; its keys are"]),
        ])
    func problems(_ entry: String, _ expected: [String]) {
        let found = load("{ \(entry) }").diagnostics.map(\.description)
        #expect(found.count == expected.count)
        for (text, start) in zip(found, expected) { #expect(text.hasPrefix(start)) }
    }

    @Test("it is no door, and nothing that can run before TLS")
    func seats() {
        let open = load("{ office_hours: { opens: 8 } }", door: "public: false").diagnostics.map(\.message)
        #expect(open.count == 1 && open[0].contains("would be open to everyone"))
        let early = load("", admission: "[{ office_hours: { opens: 8 } }]").diagnostics.map(\.message)
        #expect(early.count == 1 && early[0].hasPrefix("`office_hours` cannot run before TLS"))
    }

    @Test("a filter is an action of a message rule")
    func filter() throws {
        let loaded = load("", rule: "do: { word_mask: { words: [a] } }, mode: shadow")
        let rule = try #require(try loaded.get().routes[0].messages.first)
        guard case .filter(let settings) = rule.action else {
            Issue.record("\(rule.action)")
            return
        }
        #expect(settings.name == "word_mask" && rule.mode == .shadow)
    }

    @Test(
        "what is wrong with a filter is told where it stands",
        arguments: [
            ("do: { word_mask: { words: [a, 1] } }", "6:73: error: `words` must be a text"),
            ("do: { word_mask: {} }", "6:60: error: `word_mask` needs `words`"),
            ("do: word_mask", "6:47: error: `word_mask` needs settings: `do: { word_mask: { … } }`"),
            ("do: { word_musk: {} }", "6:49: error: unknown key `word_musk` in `do`; did you mean `word_mask`?"),
            (
                "do: word_musk",
                "6:47: error: `do` must be one of `allow`, `drop`, `close`, `replace`, `set`, `remove`, `reply`, `limit`, `schema`, `log` or `word_mask`, not `word_musk`; did you mean `word_mask`?"
            ),
        ])
    func filterProblems(_ action: String, _ start: String) {
        let found = load("", rule: action).diagnostics.map(\.description)
        #expect(found.count == 1 && found[0].hasPrefix("p:" + start), "\(found)")
    }

    @Test("without a catalog nothing but the built-ins is known")
    func unknown() {
        let text = "routes: [{ name: r, match: { path: / }, upstream: u, middleware: [{ office_hours: {} }] }]"
        let loaded = PolicyLoader.decode([PolicySource(name: "p", bytes: Array(text.utf8))])
        #expect(loaded.diagnostics.contains { $0.message.hasPrefix("unknown key `office_hours`") })
    }
}
