import Testing
import WebSocketProtocol

struct UTF8ValidatorTests {
    /// How many bytes a validator takes before it says no, fed in pieces of `size`, masked; and whether it is complete.
    private static func run(_ bytes: [UInt8], size: Int, key: MaskingKey = .none, lead: Int = 0) -> (
        taken: Int?, isComplete: Bool
    ) {
        let input = [UInt8](repeating: 0, count: lead) + masked(bytes, key)
        var validator = UTF8Validator()
        var taken = 0
        while taken < bytes.count {
            let end = min(taken + size, bytes.count)
            let range = lead + taken..<lead + end
            guard validator.validate(input.span, range, key: key.rotated(by: taken)) else { return (taken, false) }
            taken = end
        }
        return (nil, validator.isComplete)
    }

    /// The first byte after which no continuation makes a text of it, by the standard library's own check.
    private static func firstBadByte(_ bytes: [UInt8]) -> Int? {
        let continuations: [[UInt8]] = [
            [], [0x80], [0x80, 0x80], [0x80, 0x80, 0x80], [0xa0, 0x80], [0x90, 0x80, 0x80],
        ]
        for end in 1...max(1, bytes.count) where end <= bytes.count {
            let start = max(0, end - 4)
            let isViable = continuations.contains { continuation in
                // Of what lies further back only the boundary matters: a text that is bad there was found before.
                (start...max(0, end - 1)).contains { cut in
                    (cut == 0 || String(validating: bytes[..<cut], as: UTF8.self) != nil)
                        && String(validating: bytes[cut..<end] + continuation, as: UTF8.self) != nil
                }
            }
            guard isViable else { return end - 1 }
        }
        return nil
    }

    @Test("H20 every sequence of a lead and three more bytes is judged as the standard library judges it")
    func allSequences() {
        // Bytes on both sides of every boundary that UTF-8 has.
        let edges: [UInt8] = [0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xe0, 0xff]
        for first in UInt8.min...UInt8.max {
            for second in edges {
                for third in edges {
                    for fourth in [0x41, 0x7f, 0x80, 0xbf, 0xc0] as [UInt8] {
                        // Long enough for each of the paths.
                        let bytes = [first, second, third, fourth] + Array("abcdefgh".utf8)
                        let isText = String(validating: bytes, as: UTF8.self) != nil
                        let whole = Self.run(bytes, size: 100)
                        let single = Self.run(bytes, size: 1, key: exampleKey)
                        #expect((whole.taken == nil && whole.isComplete) == isText)
                        #expect((single.taken == nil && single.isComplete) == isText)
                    }
                }
            }
        }
    }

    @Test("H20 the first bad byte is where it is found, wherever it stands and however it is cut and masked")
    func firstBadByte() {
        var generator = SeededGenerator(seed: 3629)
        let alphabet: [[UInt8]] = [
            "a", "Hello, world", "é", "€", "😀", "\u{7ff}", "\u{800}", "\u{ffff}", "\u{10ffff}", "\u{d7ff}",
        ].map { Array(($0 as String).utf8) }
        for _ in 0..<1_000 {
            var bytes: [UInt8] = []
            while bytes.count < Int.random(in: 0...150, using: &generator) {
                let piece = alphabet.randomElement(using: &generator) ?? []
                for _ in 0..<Int.random(in: 1...8, using: &generator) { bytes += piece }
            }
            if Bool.random(using: &generator), !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] = UInt8.random(in: 0...255, using: &generator)
            }
            let expected = Self.firstBadByte(bytes)
            let isText = String(validating: bytes, as: UTF8.self) != nil
            let key = MaskingKey(bits: UInt32.random(in: 0...(.max), using: &generator))
            let single = Self.run(bytes, size: 1, key: key)
            #expect(single.taken == expected)
            #expect((single.taken == nil && single.isComplete) == isText)
            for size in [3, 8, 13, 64, 1000] {
                let result = Self.run(bytes, size: size, key: key, lead: Int.random(in: 0..<9, using: &generator))
                #expect(result.taken == expected.map { $0 / size * size })
                #expect((result.taken == nil && result.isComplete) == isText)
            }
        }
    }

    @Test("H20 one bad byte is found at each place of a long text", arguments: ["a", "é", "€", "😀"])
    func badByteAnywhere(character: String) {
        let text = Array(String(repeating: character, count: 160).utf8)
        #expect(Self.run(text, size: text.count, key: exampleKey).isComplete)
        for place in text.indices {
            var bytes = text
            bytes[place] = 0xff
            #expect(Self.run(bytes, size: bytes.count, key: exampleKey).taken == 0)
            #expect(Self.run(Array(bytes[..<place]), size: bytes.count, key: exampleKey).taken == nil)
        }
    }

    @Test func `a text that stops inside a character is incomplete`() {
        for character in ["é", "€", "😀"] {
            let bytes = Array(character.utf8)
            for count in 1..<bytes.count {
                let result = Self.run(Array(bytes[..<count]), size: 100)
                #expect(result.taken == nil)
                #expect(!result.isComplete)
            }
        }
        #expect(UTF8Validator().isComplete)
    }
}
