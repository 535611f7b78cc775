import PolicyModel
import Testing

struct JSONPointerTests {
    @Test(arguments: [
        ("", []), ("/", [""]), ("/foo", ["foo"]), ("/foo/0", ["foo", "0"]), ("/a~1b", ["a/b"]), ("/m~0n", ["m~n"]),
        ("/~01", ["~1"]),
        ("/c%d", ["c%d"]), ("/ ", [" "]), ("//", ["", ""]), ("/a/", ["a", ""]), ("/é", ["é"]),
        ("/a/\u{301}b", ["a", "\u{301}b"]), ("/~0\u{301}", ["~\u{301}"]), ("/\u{301}", ["\u{301}"]),
        ("/a\r\nb", ["a\r\nb"]),
    ])
    func `pointers are taken apart as RFC 6901 says, and put together again`(text: String, tokens: [String]) throws {
        let pointer = try #require(JSONPointer(text))
        #expect(pointer.tokens.map { Array($0.utf8) } == tokens.map { Array($0.utf8) })
        #expect(pointer.description.utf8.elementsEqual(text.utf8))
    }

    @Test(arguments: ["a", "a/b", "#/a", "/~", "/a~", "/~2", "/~a", "/a~/b", "/~\u{301}0", " /a"])
    func `anything else is no pointer`(text: String) {
        #expect(JSONPointer(text) == nil)
    }
}
