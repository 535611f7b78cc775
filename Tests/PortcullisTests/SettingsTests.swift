import Portcullis
import Testing

/// Asks for one value of each kind.
private struct Everything: MessageFilter {
    static let name = "everything"

    enum Side: String, CaseIterable {
        case left
        case right
    }

    let read: String

    init(settings: Settings) throws(SettingsError) {
        let rows = settings.mappings("rows").map { "\($0.integer("id", in: 0...9))" }
        let inner = settings.mapping("inner").boolean("deep")
        let needed = [
            settings.string("text"), "\(settings.boolean("flag"))", "\(settings.integer("count", in: 1...9))",
            "\(settings.number("ratio", in: 0...1))", "\(settings.duration("time", in: .seconds(1) ... .seconds(9)))",
            "\(settings.size("room", in: 1...4096))", "\(settings.strings("words"))",
            "\(settings.integers("ports", in: 1...9))", "\(inner)", "\(rows)",
        ]
        let usual = [
            settings.string("text2", default: "x"), "\(settings.boolean("flag2", default: true))",
            "\(settings.integer("count2", in: 1...9, default: 2))",
            "\(settings.number("ratio2", in: 0...1, default: 1))",
            "\(settings.duration("time2", in: .seconds(1) ... .seconds(9), default: .seconds(2)))",
            "\(settings.size("room2", in: 1...4096, default: 3))", "\(settings.strings("words2", default: ["w"]))",
            "\(settings.integers("ports2", in: 1...9, default: [4]))",
            "\(settings.choice("side2", default: Side.left))",
            "\(settings.contains("more"))",
        ]
        let side = try settings.choice("side", Side.self)
        read = (needed + usual + ["\(side)"]).joined(separator: " ")
    }

    func inspect(_ payload: Span<UInt8>, of message: Message) -> MessageDecision { .pass }
}

@Suite struct SettingsTests {
    @Test("values that must be there, and others")
    func values() throws {
        let least = """
            { text: a, flag: true, count: 1, ratio: 0.5, time: 1s, room: 1B, words: [b], ports: [1], inner: { deep: true },
              rows: [{ id: 1 }], side: left }
            """
        #expect(
            try Everything(yaml: least).read
                == #"a true 1 0.5 1.0 seconds 1 ["b"] [1] true ["1"] x true 2 1.0 2.0 seconds 3 ["w"] [4] left false left"#
        )
        let all = """
            { text: a, flag: false, count: 9, ratio: 1, time: 9s, room: 4KiB, words: [], ports: [], inner: { deep: false },
              rows: [], side: right, text2: b, flag2: false, count2: 8, ratio2: 0, time2: 8s, room2: 2KiB, words2: [c],
              ports2: [5], side2: right, more: 1 }
            """
        #expect(
            try Everything(yaml: all).read
                == #"a false 9 1.0 9.0 seconds 4096 [] [] false [] b false 8 0.0 8.0 seconds 2048 ["c"] [5] right true right"#
        )
    }

    @Test("all that is wrong, at once and with its place")
    func problems() {
        let error = #expect(throws: SettingsError.self) {
            try Everything(yaml: "{ text: a, flag: 1, count: 0, txet2: b, side: left, inner: {} }")
        }
        #expect(
            error?.description == """
                everything:1:1: error: `everything` needs `ports`
                everything:1:1: error: `everything` needs `ratio`
                everything:1:1: error: `everything` needs `room`
                everything:1:1: error: `everything` needs `rows`
                everything:1:1: error: `everything` needs `time`
                everything:1:1: error: `everything` needs `words`
                everything:1:18: error: `flag` must be `true` or `false`, not `1`; did you mean `true`?
                everything:1:28: error: `count` must be from 1 to 9, not `0`
                everything:1:31: error: unknown key `txet2` in `everything`; did you mean `text2`?
                everything:1:60: error: `inner` needs `deep`
                """)
    }

    @Test(
        "a middleware's own word on values that can be read",
        arguments: [
            ("path: x", "gate:1:7: error: `path` must begin with a slash"),
            ("{ path: x, wait: 2m }", "gate:1:18: error: `wait` must be from 1ms to 1m"),
            ("wait: 1s", "gate:1:1: error: `gate` needs `path`"),
            ("", "gate:1:1: error: there is nothing here; no settings are `{}`"),
            ("[]", "gate:1:1: error: `gate` must be a mapping (`{}` where there is nothing to say), not a list"),
        ])
    func own(_ yaml: String, _ expected: String) {
        let error = #expect(throws: SettingsError.self) { try Gate(yaml: yaml) }
        #expect(error?.description == expected)
    }
}
