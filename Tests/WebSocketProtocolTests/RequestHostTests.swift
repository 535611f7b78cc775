import Testing
import WebSocketProtocol

struct RequestHostTests {
    @Test(
        arguments: [
            ("example.com", "example.com", nil, "example.com"),
            ("EXAMPLE.com.:8443", "example.com", 8443, "example.com:8443"),
            ("1.2.3.4:80", "1.2.3.4", 80, "1.2.3.4:80"), ("[::1]", "::1", nil, "[::1]"),
            ("[2001:DB8::A]:443", "2001:db8::a", 443, "[2001:db8::a]:443"), ("a_b", "a_b", nil, "a_b"),
            ("localhost:65535", "localhost", 65535, "localhost:65535"),
            ("[::ffff:1.2.3.4]", "::ffff:1.2.3.4", nil, "[::ffff:1.2.3.4]"),
        ] as [(String, String, UInt16?, String)])
    func `a host has one spelling`(text: String, name: String, port: UInt16?, description: String) throws {
        let host = try #require(RequestHost(text))
        #expect(host.name == name)
        #expect(host.port == port)
        #expect(host.description == description)
        #expect(RequestHost(description) == host)
    }

    @Test(arguments: [
        "", ".", "..", "a..b", ".a", "a..", ":80", "a:", "a:0", "a:65536", "a:+1", "a:-1", "a:8a", "a:000080", "a:1:2",
        "a b",
        "user@a", "a/b", "a,b", "é", "%41", "[::1", "::1", "[]", "[:]", "[::1]x", "[::1]:", "[fe80::1%25eth0]",
        "[1.2.3.4]",
        "[1:2:3:4:5:6:7:8:9]", "a\r\n", "a?b", "a#b", "[v1.a]",
        String(repeating: "a", count: 64), Array(repeating: "abc", count: 64).joined(separator: "."),
    ])
    func `anything else is refused`(text: String) {
        #expect(RequestHost(text) == nil)
    }
}
