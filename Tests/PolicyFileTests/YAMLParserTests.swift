import PolicyModel
import Testing

@testable import PolicyFile

struct YAMLParserTests {
    private static func parse(_ text: String) -> YAMLParser.Outcome { parse(Array(text.utf8)) }

    private static func parse(_ bytes: [UInt8]) -> YAMLParser.Outcome {
        YAMLParser.parse(PolicySource(name: "p", bytes: bytes))
    }

    @Test("H39 so many directives of tags that libyaml would take minutes to compare them")
    func tagDirectives() {
        let directives = (0..<101).map { "%TAG !\($0)! tag:\($0)\n" }
        let outcome = Self.parse(directives.joined() + "---\na: 1\n")
        #expect(outcome.root == nil)
        #expect(
            outcome.diagnostics.map(\.description) == [
                "p:101:1: error: not valid YAML: more than 100 `%TAG` directives, and tags are not supported"
            ])
        #expect(Self.parse(directives.dropLast().joined() + "---\na: 1\n").root != nil)
    }

    @Test(
        "H39 what the tree is refused for",
        arguments: PolicyCase.table(
            .file,
            #"""
            == H39 duplicate keys
            upstreams:
              echo: { endpoints: ["ws://a:1"] }
              echo: { endpoints: ["ws://a:2"], "endpoints": [] }
            ----
            3:3: error: `echo` stands here a second time, first in line 2; remove one of them
            3:36: error: `endpoints` stands here a second time, first in line 3; remove one of them
            == H39 unknown keys
            upstream: { echo: { endpoints: ["ws://a:1"] } }
            routes: [{ name: r, match: { path: / }, upstream: echo, public: true, "\u202Epublic\t": 1 }]
            ----
            1:1: error: unknown key `upstream` in a policy; did you mean `upstreams`?
            2:71: error: unknown key `\u{202e}public\u{9}` in a route; did you mean `public`?
            == H39 constructing tags
            upstreams: !!python/object/apply:os.system
              echo: { endpoints: !!set ["ws://a:1"], connect_timeout: !duration 5s, handshake_timeout: !!int 5 }
            ----
            1:12: error: tags are not supported, so remove `tag:yaml.org,2002:python/object/apply:os.system`; a value in quotes is a string
            2:22: error: tags are not supported, so remove `tag:yaml.org,2002:set`; a value in quotes is a string
            2:59: error: tags are not supported, so remove `!duration`; a value in quotes is a string
            2:92: error: `handshake_timeout` needs a unit: `5` could be 5s, 5m or 5h
            2:92: error: tags are not supported, so remove `tag:yaml.org,2002:int`; a value in quotes is a string
            == H39 tags of the kind that is there anyway
            upstreams: !!map
              echo: { endpoints: !!seq [!!str ws://a:1], connect_timeout: !!str 5s }
            ----
            listener public
            upstream echo
            issuer local
            route echo
            == H39 second document
            upstreams: { echo: { endpoints: ["ws://a:1"] } }
            ---
            upstreams: {}
            ----
            2:1: error: a second document; one file holds one, so remove this `---`
            == H39 merge keys
            upstreams:
              a: &a { endpoints: ["ws://a:1"] }
              echo: { <<: *a }
            ----
            3:9: error: an upstream needs `endpoints`, such as `endpoints: ["ws://127.0.0.1:9001"]`
            3:11: error: merge keys (`<<`) are not supported; write the keys out, or use `*name` for a whole value
            == H39 keys that are no names
            upstreams:
              echo: { endpoints: ["ws://a:1"] }
              1: { endpoints: ["ws://a:1"] }
              true: { endpoints: ["ws://a:1"] }
              ~: { endpoints: ["ws://a:1"] }
              [a]: { endpoints: ["ws://a:1"] }
              ? { a: b }
              : { endpoints: ["ws://a:1"] }
              &k key: { endpoints: ["ws://a:1"] }
              *k : { endpoints: ["ws://a:1"] }
            ----
            3:3: error: a key must be a name; if `1` is meant as one, put it in quotes
            4:3: error: a key must be a name; if `true` is meant as one, put it in quotes
            5:3: error: a key must be a name; if `~` is meant as one, put it in quotes
            6:3: error: a key must be a name, not a list
            7:5: error: a key must be a name, not a mapping
            10:3: error: a key must be written out, not an alias
            == H39 alias without an anchor
            upstreams: *u
            ----
            1:12: error: alias `*u` stands for nothing: no anchor `&` of that name ends before it; a text that begins with `*` needs quotes
            == H39 alias inside of its anchor
            upstreams: &u { echo: *u }
            ----
            1:23: error: alias `*u` stands for nothing: no anchor `&` of that name ends before it; a text that begins with `*` needs quotes
            == aliases
            upstreams:
              a: &a { endpoints: ["ws://a:1"] }
              echo: *a
            ----
            listener public
            upstream a
            upstream echo
            issuer local
            route echo
            == one mistake behind two aliases
            upstreams:
              a: &a { endpoints: ["http://a:1"] }
              echo: *a
            ----
            2:23: error: an endpoint is ws://HOST:PORT, with a path behind it where the server wants one, not `http://a:1`
            """#))
    func tree(_ policy: PolicyCase) { policy.check() }

    @Test(
        "what is not YAML",
        arguments: PolicyCase.table(
            .file,
            #"""
            == star without quotes
            routes: [{ name: r, match: { hosts: [*.example.com], path: / } }]
            ----
            1:39: error: not valid YAML: did not find expected alphabetic or numeric character while scanning an alias; put a text that begins with `*` or `&` in quotes
            == star at the end of an alias
            routes: [{ name: r, match: { hosts: [*], path: / } }]
            ----
            1:39: error: not valid YAML: did not find expected alphabetic or numeric character while scanning an alias; put a text that begins with `*` or `&` in quotes
            == bracket left open
            routes: [{ name: r
            ----
            2:1: error: not valid YAML: did not find expected ',' or '}' while parsing a flow mapping; put a text that holds one of `{ } [ ] ,` in quotes, and check that each bracket is closed
            == braces without quotes
            routes: [{ name: ${token.subject} }]
            ----
            1:19: error: not valid YAML: did not find expected ',' or '}' while parsing a flow mapping; put a text that holds one of `{ } [ ] ,` in quotes, and check that each bracket is closed
            == colon without quotes
            routes: a: b
            ----
            1:10: error: not valid YAML: mapping values are not allowed in this context; check the indentation, and put a text that holds `: ` in quotes
            == indentation
            routes:
              - name: r
               match: {}
            ----
            3:4: error: not valid YAML: did not find expected '-' indicator while parsing a block collection; check the indentation of this line and of those before it
            == tab
            routes:
            	- name: r
            ----
            2:1: error: not valid YAML: found character that cannot start any token while scanning for the next token; indent with spaces, not with tabs
            == percent sign
            routes: [%a]
            ----
            1:10: error: not valid YAML: found character that cannot start any token while scanning for the next token; put a value that begins with such a character in quotes
            """#))
    func syntax(_ policy: PolicyCase) { policy.check() }

    @Test("H39 a small alias bomb is refused before it grows")
    func aliasBomb() {
        var text = "a: &a [x,x,x,x,x,x,x,x,x]\n"
        for (name, previous) in zip("bcdefghi", "abcdefgh") {
            text += "\(name): &\(name) [\(Array(repeating: "*\(previous)", count: 9).joined(separator: ","))]\n"
        }
        #expect(text.utf8.count < 400)
        let outcome = Self.parse(text)
        // Not inside of the expectation, which would print the whole of a tree that should not be there.
        let isRefused = outcome.root == nil
        #expect(isRefused)
        #expect(
            outcome.diagnostics.map(\.description) == [
                "p:6:8: error: more than 100,000 values, each alias counted as all that it stands for"
            ])
    }

    @Test("H39 values are counted to the last one", arguments: [(99_998, true), (99_999, false)])
    func nodes(count: Int, fits: Bool) {
        // The list and its key's mapping are nodes, too: one for the document here.
        let text = "[" + String(repeating: "x,", count: count + 1) + "]"
        #expect((Self.parse(text).root != nil) == fits)
    }

    @Test("H39 nesting to 64 and past it", arguments: [(64, true), (65, false), (100_000, false)])
    func nesting(depth: Int, fits: Bool) {
        for (open, close) in [("[", "]"), ("{a: ", "}")] {
            let text = String(repeating: open, count: depth) + String(repeating: close, count: depth)
            let outcome = Self.parse(text)
            #expect((outcome.root != nil) == fits)
            if !fits {
                #expect(outcome.diagnostics.map(\.message) == ["lists and mappings are nested more than 64 deep"])
            }
        }
    }

    @Test("H39 nesting through aliases counts as what they stand for")
    func nestedAliases() {
        let half = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        let outcome = Self.parse(
            "a: &a \(half)\nb: \(String(repeating: "[", count: 30))*a\(String(repeating: "]", count: 30))")
        #expect(
            outcome.diagnostics.map(\.description) == ["p:2:34: error: lists and mappings are nested more than 64 deep"]
        )
    }

    @Test("a value of 64 KiB, and one byte more", arguments: [(65_536, true), (65_537, false)])
    func scalars(count: Int, fits: Bool) {
        #expect((Self.parse("a: \"" + String(repeating: "x", count: count) + "\"").root != nil) == fits)
    }

    @Test("a file of 4 MiB, and one byte more")
    func size() {
        let limit = 4 * 1024 * 1024
        let text = Array("a: b\n".utf8)
        let comment = [UInt8](repeating: UInt8(ascii: "#"), count: limit - text.count)
        #expect(Self.parse(text + comment).root != nil)
        #expect(
            Self.parse(text + comment + [10]).diagnostics.map(\.description) == [
                "p:1:1: error: the file has more than 4 MiB"
            ])
    }

    @Test("nothing at all is an empty document", arguments: ["", "# a comment\n", "---\n", "\u{feff}", "\n\n"])
    func empty(_ text: String) {
        let outcome = Self.parse(text)
        #expect(outcome.root == nil)
        #expect(outcome.diagnostics.isEmpty)
    }

    @Test("a byte order mark does not shift columns")
    func byteOrderMark() {
        #expect(Self.parse("\u{feff}a: b").root?.position.column == 1)
    }

    @Test("columns count characters, not bytes")
    func columns() {
        let outcome = Self.parse("é: x\nüü: 1\n\"ß\": {ä: !x b}")
        #expect(outcome.diagnostics.map { "\($0.position)" } == ["p:3:10"])
    }

    @Test(
        "bytes that are no UTF-8 text",
        arguments: [
            ([0x61, 0x3a, 0x20, 0xff], "p:1:4"), (Array("a: é\nb: ".utf8) + [0xc3, 0x28], "p:2:5"),
            ([0xff, 0xfe, 0x61, 0x00], "p:1:1"), ([0xfe, 0xff, 0x00, 0x61], "p:1:1"),
            ([0x61, 0x3a, 0x20, 0x00], "p:1:4"), ([0x61, 0x3a, 0x20, 0x1b], "p:1:4"),
        ] as [([UInt8], String)])
    func notText(_ bytes: [UInt8], _ place: String) {
        let outcome = Self.parse(bytes)
        #expect(outcome.root == nil)
        #expect(outcome.diagnostics.map { "\($0.position)" } == [place])
        #expect(outcome.diagnostics.allSatisfy { $0.message.contains("UTF-8") })
    }

    @Test("every prefix of a policy is a value or a diagnostic, never a trap")
    func prefixes() throws {
        let text = try Array(ShippedPolicies.bytes("default.yaml").prefix(9000))
        for count in stride(from: 0, through: text.count, by: 7) {
            let loaded = PolicyLoader.decode([PolicySource(name: "p", bytes: Array(text.prefix(count)))])
            #expect((loaded.policy == nil) == loaded.diagnostics.contains { $0.severity == .error })
        }
    }
}
