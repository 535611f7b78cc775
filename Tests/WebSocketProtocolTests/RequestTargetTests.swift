import Testing
import WebSocketProtocol

struct RequestTargetTests {
    @Test(arguments: [
        ("/", "/", nil), ("/chat", "/chat", nil), ("/chat/", "/chat/", nil), ("/a?", "/a", ""),
        ("/a?b=c?d/e", "/a", "b=c?d/e"), ("/%61%2d%7E%7e", "/a-~~", nil), ("/%c3%a9", "/%C3%A9", nil),
        ("/a%20b%2B", "/a%20b+", nil), ("/%40me", "/@me", nil), ("/%21%24%26%27%28%29%2a%2C%3D%3a", "/!$&'()*,=:", nil),
        ("/a%3bb", "/a%3Bb", nil), ("/a;b=c/@:!$&'()*+,=", "/a;b=c/@:!$&'()*+,=", nil), ("/...", "/...", nil),
        ("/.a/b..", "/.a/b..", nil), ("/%25%32%65", "/%252e", nil), ("/a?[x]={y}|^`\\", "/a", "[x]={y}|^`\\"),
        ("/a?../%2e", "/a", "../%2e"),
    ])
    func `paths are brought into one spelling`(text: String, path: String, query: String?) throws {
        let target = try RequestTarget(originForm: text)
        #expect(target.path == path)
        #expect(target.query == query)
        #expect(target.description == path + (query.map { "?\($0)" } ?? ""))
        // A second reader finds the same.
        #expect(try RequestTarget(originForm: target.description) == target)
    }

    @Test(arguments: [
        "", "a", "*", "?a", "//", "//a", "/a//b", "/a//", "/.", "/..", "/a/./b", "/a/../b", "/a/..", "/%2e",
        "/%2E%2e/a",
        "/.%2e", "/..;/a", "/.;x", "/%2e%2e;x/b", "/a%2fb", "/a%2Fb", "/a%5cb", "/a\\b", "/a%00", "/a%0a", "/a%0D",
        "/a%7f",
        "/a%1f", "/a%", "/a%4", "/a%4g", "/a%g4", "/a?%", "/a?%zz", "/a?%00", "/a#b", "/a?b#c", "/a b", "/a?b c", "/é",
        "/a?é", "/a\u{1}", "/a?\u{7f}", "/a\"", "/a<", "/a?\"", "/a?<", "/a^", "/a`", "/a{", "/a|", "/a[",
        "/%c0%af", "/%c0%ae%c0%ae/", "/%ff", "/%ed%a0%80", "/%c3",
    ])
    func `what servers could read differently is refused`(text: String) {
        #expect {
            _ = try RequestTarget(originForm: text)
        } throws: { error in
            if case .malformedRequest = error as? HandshakeError { true } else { false }
        }
    }

    @Test(arguments: [
        ("/a", []), ("/a?", []), ("/a?&&", []), ("/a?b", [["b", ""]]), ("/a?b=c&d=e", [["b", "c"], ["d", "e"]]),
        ("/a?b=c=d", [["b", "c=d"]]), ("/a?%61b=c%20d+e%2B", [["ab", "c d e+"]]), ("/a?=x", [["", "x"]]),
        ("/a?b=%ff", [["b", "\u{fffd}"]]),
    ])
    func `query items are decoded as forms are`(text: String, items: [[String]]) throws {
        #expect(try RequestTarget(originForm: text).queryItems.map { [$0.name, $0.value] } == items)
    }

    @Test("H13 a query in which 31 combining marks come in a row, encoded or not, is refused")
    func combiningMarks() throws {
        for item in ["b=e", "e", "b=&c=e"] {
            let marks = String(repeating: "%CC%81", count: 30)
            #expect(try RequestTarget(originForm: "/a?\(item)\(marks)&\(item)\(marks)").queryItems.count >= 2)
            #expect(throws: HandshakeError.self) { try RequestTarget(originForm: "/a?\(item)\(marks)%CC%81") }
        }
    }

    @Test(arguments: [
        ("/a?access_token=x", "/a"), ("/a?b=1&access_token=x&c=2", "/a?b=1&c=2"),
        ("/a?access_token=x&access_token=y&b", "/a?b"), ("/a?access%5ftoken=x", "/a"), ("/a?access_token", "/a"),
        ("/a?%61ccess_token=x&b=%41", "/a?b=%41"), ("/a?access_tokens=x", "/a?access_tokens=x"), ("/a?", "/a?"),
        ("/a", "/a"), ("/a?Access_token=x", "/a?Access_token=x"), ("/a?b&&c", "/a?b&&c"),
    ])
    func `a query item is removed however its name was encoded`(text: String, expected: String) throws {
        #expect(try RequestTarget(originForm: text).removingQueryItem("access_token").description == expected)
    }
}
