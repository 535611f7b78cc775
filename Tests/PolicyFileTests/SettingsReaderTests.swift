import PolicyModel
import Testing

@testable import PolicyFile

private enum Side: String, CaseIterable {
    case left
    case right
}

private func reader(_ yaml: String) throws -> SettingsReader {
    try SettingsReader.parsing(yaml, name: "plug_in").get()
}

@Suite struct SettingsReaderTests {
    @Test("each kind of value")
    func values() throws {
        let reader = try reader(
            """
            text: a
            flag: true
            count: -7
            ratio: 0.5
            time: 90s
            room: 64KiB
            side: right
            words: [a, "1"]
            ports: [1, 2]
            inner: { depth: 1 }
            rows: [{ id: 1 }, { id: 2 }]
            """)
        #expect(reader.string("text", isRequired: true) == "a")
        #expect(reader.boolean("flag", isRequired: true) == true)
        #expect(reader.integer("count", in: -9...9, isRequired: true) == -7)
        #expect(reader.number("ratio", in: 0...1, isRequired: true) == 0.5)
        #expect(reader.duration("time", in: .seconds(1) ... .seconds(100), isRequired: true) == .seconds(90))
        #expect(reader.size("room", in: 1...1 << 20, isRequired: true) == 65536)
        #expect(reader.choice("side", Side.self, isRequired: true) == .right)
        #expect(reader.strings("words", isRequired: true) == ["a", "1"])
        #expect(reader.integers("ports", in: 1...9, isRequired: true) == [1, 2])
        #expect(reader.mapping("inner", isRequired: true)?.integer("depth", in: 0...1, isRequired: true) == 1)
        #expect(
            reader.mappings("rows", isRequired: true)?.map { $0.integer("id", in: 0...9, isRequired: true) } == [1, 2])
        #expect(!reader.contains("other"))
        reader.finish()
        #expect(reader.diagnostics.isEmpty)
    }

    @Test(
        "values of another kind",
        arguments: [
            ("text: 1", "1:7: error: `text` must be a text"), ("flag: 1", "1:7: error: `flag` must be `true`"),
            ("count: 10", "1:8: error: `count` must be from -9 to 9, not `10`"),
            ("ratio: x", "1:8: error: `ratio` must be a number from 0.0 to 1.0, not `x`"),
            ("ratio: 1.5", "1:8: error: `ratio` must be from 0.0 to 1.0, not `1.5`"),
            ("ratio: .nan", "1:8: error: `ratio` must be from 0.0 to 1.0, not `.nan`"),
            ("ratio: 0x1", "1:8: error: `ratio` must be from 0.0 to 1.0, not `0x1`"),
            ("time: 2m", "1:7: error: `time` must be from 250ms to 1m"),
            ("room: 2MiB", "1:7: error: `room` must be from 1B to 1MiB"),
            ("side: rigth", "1:7: error: `side` must be `left` or `right`, not `rigth`; did you mean `right`?"),
            ("words: a", "1:8: error: `words` must be a list"), ("words: [[]]", "1:9: error: `words` must be a text"),
            ("ports: [0]", "1:9: error: `ports` must be from 1 to 9"),
            ("inner: 1", "1:8: error: `inner` must be a mapping"), ("rows: {}", "1:7: error: `rows` must be a list"),
            ("rows: [1]", "1:8: error: `rows` must be a mapping"),
        ])
    func wrong(_ yaml: String, _ start: String) throws {
        let reader = try reader(yaml)
        _ = reader.string("text", isRequired: false)
        _ = reader.boolean("flag", isRequired: false)
        _ = reader.integer("count", in: -9...9, isRequired: false)
        _ = reader.number("ratio", in: 0...1, isRequired: false)
        _ = reader.duration("time", in: .milliseconds(250) ... .seconds(60), isRequired: false)
        _ = reader.size("room", in: 1...1 << 20, isRequired: false)
        _ = reader.choice("side", Side.self, isRequired: false)
        _ = reader.strings("words", isRequired: false)
        _ = reader.integers("ports", in: 1...9, isRequired: false)
        _ = reader.mapping("inner", isRequired: false)
        _ = reader.mappings("rows", isRequired: false)
        reader.finish()
        #expect(reader.diagnostics.count == 1)
        #expect(reader.diagnostics.first?.description.hasPrefix("plug_in:" + start) == true)
    }

    @Test("missing and unknown keys, all at once; a misspelt one is not missing, too")
    func keys() throws {
        let reader = try reader("{ open: 8, other: 1, inner: { dept: 1 } }")
        _ = reader.integer("opens", in: 0...23, isRequired: true)
        _ = reader.string("closes", isRequired: true)
        let inner = reader.mapping("inner", isRequired: true)
        _ = inner?.integer("depth", in: 0...1, isRequired: true)
        _ = inner?.integer("width", in: 0...1, isRequired: true)
        reader.finish()
        #expect(
            reader.diagnostics.map(\.description) == [
                "plug_in:1:3: error: unknown key `open` in `plug_in`; did you mean `opens`?",
                "plug_in:1:12: error: unknown key `other` in `plug_in`; its keys are `opens`, `closes`, `inner`",
                "plug_in:1:1: error: `plug_in` needs `closes`",
                "plug_in:1:31: error: unknown key `dept` in `inner`; did you mean `depth`?",
                "plug_in:1:29: error: `inner` needs `width`",
            ])
    }

    @Test("where reading was broken off, no key is called unknown")
    func brokenOff() throws {
        let reader = try reader("{ a: 1, b: 2 }")
        _ = reader.integer("a", in: 0...9, isRequired: true)
        _ = reader.integer("c", in: 0...9, isRequired: true)
        reader.finish(isComplete: false)
        #expect(reader.diagnostics.map(\.message) == ["`plug_in` needs `c`"])
    }

    @Test("a problem of the reader's own: where the value stands, one line, and only where nothing else is wrong")
    func own() throws {
        let whole = try reader("{ a: 1, b: 2 }")
        whole.note(whole.problem("b", "must be\nless\u{85}than `a`"))
        whole.note(whole.problem("c", "must be there"))
        #expect(whole.diagnostics.map(\.description) == ["plug_in:1:12: error: `b` must be less than `a`"])
        let lacking = try reader("{ a: 1 }")
        _ = lacking.integer("a", in: 0...9, isRequired: true)
        _ = lacking.integer("b", in: 0...9, isRequired: true)
        lacking.note(lacking.problem("b", "must be less than `a`"))
        lacking.finish()
        #expect(lacking.diagnostics.map(\.message) == ["`plug_in` needs `b`"])
    }

    @Test(
        "fields toward the upstream that nobody may set",
        arguments: [
            ("X-Role", nil), ("", "no header name"), ("a b", "no header name"), ("Host", "belongs to"),
            ("x_forwarded_for", "belongs to"),
        ]
            as [(String, String?)])
    func headers(_ name: String, _ problem: String?) throws {
        let reader = try reader("{}")
        reader.checkUpstreamHeaders([name])
        #expect(reader.diagnostics.count == (problem == nil ? 0 : 1))
        if let problem { #expect(reader.diagnostics.first?.message.contains(problem) == true) }
    }

    @Test("text that is no YAML, or nothing", arguments: ["{ a: 1", "", "a: 1\na: 2"])
    func malformed(_ text: String) {
        let error = #expect(throws: PolicyFileError.self) { try reader(text) }
        #expect(error?.diagnostics.isEmpty == false)
    }
}
