import Testing

@testable import Middleware

@Suite struct ByteNeedleTests {
    /// Letter by letter, to compare with.
    private func expected(_ needle: [UInt8], _ haystack: [UInt8], _ start: Int) -> Int? {
        guard haystack.count >= needle.count + start else { return nil }
        return (start...(haystack.count - needle.count)).first {
            haystack[$0..<$0 + needle.count].elementsEqual(needle)
        }
    }

    @Test(
        "finds what a plain search finds, from every place",
        arguments: ["a", "ab", "aab", "aaaa", "abab", "abcabd", "ababac", "aabaaab", "the needle is long enough"])
    func agrees(_ text: String) throws {
        let needle = try #require(ByteNeedle(text))
        let haystacks = [
            "", "a", "ab", "aabaabaaab", "ababababac", "abcabcabd", String(repeating: "a", count: 40),
            String(repeating: "x", count: 15) + "ab", String(repeating: "x", count: 16) + "aab",
            String(repeating: "x", count: 33) + "abab", String(repeating: "a", count: 20) + "b",
            "xxx the needle is long the needle is long enough",
        ]
        for haystack in haystacks.map({ Array($0.utf8) }) {
            for start in 0...haystack.count {
                #expect(
                    needle.firstIndex(in: haystack.span, from: start) == expected(Array(text.utf8), haystack, start))
            }
        }
    }

    @Test("no needle of nothing")
    func empty() {
        #expect(ByteNeedle("") == nil)
    }
}
