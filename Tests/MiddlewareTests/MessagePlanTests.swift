import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

private func drop(_ condition: MessageCondition) -> [MessageRule] { [rule(condition, .drop)] }

private func isDropped(
    _ condition: MessageCondition, _ text: String, _ opcode: Opcode = .text, on connection: ConnectionFacts? = nil
) throws -> Bool {
    try judge(drop(condition), text, opcode, on: connection).verdict == .drop
}

private func json(_ pointer: String, _ demand: JSONDemand) throws -> MessageCondition {
    .json(try #require(JSONPointer(pointer)), demand)
}

@Suite struct MessagePlanTests {
    @Test("opcode and size", arguments: [Opcode.text, .binary])
    func facts(_ opcode: Opcode) throws {
        #expect(try isDropped(.opcode(.text), "x", opcode) == (opcode == .text))
        #expect(try isDropped(.opcode(.binary), "x", opcode) == (opcode == .binary))
        for (text, isIn) in [("", false), ("ab", false), ("abc", true), ("abcd", true), ("abcde", false)] {
            #expect(try isDropped(.size(over: 2, under: 5), text, opcode) == isIn)
        }
    }

    @Test("sizes at their ends do not overflow")
    func sizes() throws {
        #expect(try !isDropped(.size(over: .max), "x"))
        #expect(try !isDropped(.size(under: 0), ""))
        #expect(try !isDropped(.size(over: 5, under: 2), "abc"))
        #expect(try !isDropped(.size(under: .min), ""))
    }

    @Test("text: only in text messages, bytes as they are and patterns anywhere")
    func text() throws {
        #expect(try isDropped(.text(.literal("pass.")), "my pass.word"))
        #expect(try !isDropped(.text(.literal("pass.")), "my password"))
        #expect(try !isDropped(.text(.literal("pass")), "my PASSword"))
        #expect(try !isDropped(.text(.literal("pass")), "my password", .binary))
        #expect(try isDropped(.text(TextPattern("(?i)pass[a-z]+$")), "my PASSword"))
        #expect(try !isDropped(.text(TextPattern("^pass")), "my password"))
    }

    @Test("json: in text and binary, and what stands twice cannot hide")
    func json() throws {
        let admin = try MiddlewareTests.json("/type", .equals(.string("admin")))
        #expect(try isDropped(admin, #"{"type":"admin"}"#))
        #expect(try isDropped(admin, #"{"type":"admin"}"#, .binary))
        #expect(try isDropped(admin, #"{"type":"x","ty\u0070e":"adm\u0069n"}"#))
        #expect(try !isDropped(admin, #"{"type":"guest"}"#))
        #expect(try !isDropped(admin, "not JSON"))
    }

    @Test(
        "json: every demand",
        arguments: [
            (JSONDemand.equals(.string("a")), #""a""#, "1"), (.equals(.integer(1)), "1.0", "2"),
            (.equals(.double(1.5)), "1.5", "1"), (.equals(.boolean(true)), "true", "false"),
            (.equals(.null), "null", "0"),
            (.oneOf([.string("a"), .integer(2)]), "2", "3"), (.matches("^a+$"), #""aaa""#, #""ab""#),
            (.exists, "null", ""), (.type(.integer), "7e0", "7.5"), (.type(.object), "{}", "[]"),
            (.over(.integer(7)), "7.5", "7"), (.under(.double(7.5)), "7", "7.5"),
        ])
    func demands(_ demand: JSONDemand, _ good: String, _ bad: String) throws {
        let condition = try MiddlewareTests.json("/a/0", demand)
        #expect(try isDropped(condition, #"{"a":[\#(good)]}"#))
        #expect(try !isDropped(condition, #"{"a":[\#(bad)]}"#))
        // Where another rule wants the message as a document, it is read as one, and leniently where it is none.
        let rules = [rule(.notJSON, .log(payload: false)), rule(condition, .drop)]
        #expect(try judge(rules, #"{"a":[\#(good)]}"#) == Judged(verdict: .drop, hits: [1]))
        #expect(try judge(rules, #"{"a":[\#(bad)]}"#).verdict == .pass)
        #expect(try judge(rules, #"{"a":[\#(good)],}"#) == Judged(verdict: .drop, hits: [0, 1]))
    }

    @Test("binary prefixes, and what is no JSON and no UTF-8")
    func bytes() throws {
        #expect(try isDropped(.binaryPrefix(Array("PNG".utf8)), "PNG...", .binary))
        #expect(try !isDropped(.binaryPrefix(Array("PNG".utf8)), "PN", .binary))
        #expect(try !isDropped(.binaryPrefix(Array("PNG".utf8)), "PNG...", .text))
        #expect(try isDropped(.notJSON, "{"))
        #expect(try isDropped(.notJSON, "{}x", .binary))
        #expect(try !isDropped(.notJSON, " [1] "))
        let rules = MessageRules(drop(.notUTF8))
        var plan = MessagePlan(rules, from: .client, of: try MiddlewareTests.facts())
        var scratch = FilterScratch()
        #expect(!plan.reads(.text, size: nil))
        #expect(plan.evaluate(opcode: .binary, payload: [0x61, 0xc3, 0xa9].span, now: 0, using: &scratch) == .pass)
        #expect(plan.evaluate(opcode: .binary, payload: [0x61, 0xc3].span, now: 0, using: &scratch) == .drop)
        #expect(plan.evaluate(opcode: .binary, payload: [0xff].span, now: 0, using: &scratch) == .drop)
    }

    @Test("conditions combine, one in another")
    func combined() throws {
        let a = MessageCondition.text(.literal("a"))
        let b = MessageCondition.text(.literal("b"))
        let one = try MiddlewareTests.json("/n", .equals(.integer(1)))
        for (condition, texts) in [
            (MessageCondition.all([]), ["", "a", "b", "ab"]), (.any([]), []), (.all([a, b]), ["ab"]),
            (.any([a, b]), ["a", "b", "ab"]), (.not(a), ["", "b"]), (.all([a, .not(b)]), ["a"]),
            (.not(.any([a, b])), [""]), (.not(.all([a, b])), ["", "a", "b"]), (.not(.not(a)), ["a", "ab"]),
            (.any([.all([a, b]), .not(.any([a, b]))]), ["", "ab"]),
            (.all([.any([a, .size(under: 1)]), .not(b)]), ["", "a"]),
            (.any([.opcode(.binary), .all([a, .size(over: 1)])]), ["ab"]),
            (.all([.opcode(.text), a]), ["a", "ab"]), (.any([one, b]), ["b", "ab"]),
            (.all([.not(one), a]), ["a", "ab"]),
        ] {
            for text in ["", "a", "b", "ab"] {
                #expect(try isDropped(condition, text) == texts.contains(text), "\(condition) of \(text)")
            }
        }
        #expect(try isDropped(.all([one, a]), #"{"n":1,"x":"a"}"#))
        #expect(try !isDropped(.all([one, a]), #"{"n":2,"x":"a"}"#))
    }

    @Test("a hundred rules: each is asked where its test holds, in order")
    func many() throws {
        let rules = (0..<100).map { number in
            rule(
                number % 2 == 0 ? .text(.literal("<\(number)>")) : .json(JSONPointer("/k\(number)")!, .exists),
                .log(payload: false), number % 5 == 0 ? .shadow : .enforce)
        }
        #expect(try judge(rules, #"{"k99":"<98>","k1":"<0>","k65":"<64>"}"#).hits == [~0, 1, 64, ~65, 98, 99])
        #expect(try judge(rules, "{}").hits == [])
    }

    @Test(
        "replace: every place, left to right, not what was put in",
        arguments: [
            ("a", "b", "aXa", "bXb"), ("aa", "a", "aaaaa", "aaa"), ("a", "aa", "aba", "aabaa"),
            ("é", "e", "été", "ete"),
            ("x", "", "xx", ""), ("ab", "ba", "aabb", "abab"), ("needle", "*", "needle needleneedle n", "* ** n"),
        ])
    func replace(_ needle: String, _ replacement: String, _ text: String, _ expected: String) throws {
        for pattern in [TextPattern.literal(needle), TextPattern(needle)] {
            let rules = [rule(.text(pattern), .replace(pattern, with: .literal(replacement)))]
            #expect(try judge(rules, text) == Judged(verdict: .edited, output: expected, hits: [0]))
        }
    }

    @Test("replace by a pattern: groups, empty matches, and nothing where there is no match")
    func replacePattern() throws {
        func edited(_ pattern: String, _ with: String, _ text: String) throws -> String? {
            try judge([rule(.all([]), .replace(TextPattern(pattern), with: try Template(parsing: with)))], text).output
        }
        #expect(
            try edited(#"(?P<year>\d{4})-(?P<month>\d\d)"#, "${match.month}/${match.year}", "2026-11 1999-01")
                == "11/2026 01/1999")
        #expect(try edited("(?P<x>b)?", "[${match.x}]", "abc") == "[]a[b]c[]")
        #expect(try edited("", "-", "aé") == "-a-é-")
        #expect(try edited("z", "-", "abc") == nil)
        #expect(try edited("a|$", "-", "ba") == "b-")
        #expect(try edited(#"\b\d{13,16}\b"#, "****", "card 4111111111111111, 12") == "card ****, 12")
    }

    @Test("H20 what is put in an empty match leaves UTF-8: not in the middle of a character")
    func replaceBetweenBytes() throws {
        let rules = [rule(.all([]), .replace(TextPattern(#"\B"#), with: .literal("-")))]
        #expect(try judge(rules, "aé").output == "aé-")
        #expect(try judge(rules, "é😀") == Judged(verdict: .edited, output: "-é-😀-", hits: [0]))
        #expect(try judge(rules, "aéb") == Judged(verdict: .pass, hits: []))
    }

    @Test("texts that look alike, and have other bytes, are tests of their own")
    func lookalikes() throws {
        let (one, other) = ("\u{e9}", "e\u{301}")
        for conditions in try [
            [MessageCondition.text(.literal(one)), .text(.literal(other))],
            [.text(TextPattern(one)), .text(TextPattern(other))],
            [MiddlewareTests.json("/k", .equals(.string(one))), MiddlewareTests.json("/k", .equals(.string(other)))],
            [MiddlewareTests.json("/k", .oneOf([.string(one)])), MiddlewareTests.json("/k", .oneOf([.string(other)]))],
            [MiddlewareTests.json("/k", .matches(one)), MiddlewareTests.json("/k", .matches(other))],
        ] {
            let rules = [rule(.any(conditions), .drop)]
            #expect(try judge(rules, #"{"k":"\#(one)"}"#).verdict == .drop)
            #expect(try judge(rules, #"{"k":"\#(other)"}"#).verdict == .drop, "\(conditions)")
        }
        let keys = try [
            rule(.any([MiddlewareTests.json("/\(one)", .exists), MiddlewareTests.json("/\(other)", .exists)]), .drop)
        ]
        #expect(try judge(keys, #"{"\#(one)":1}"#).verdict == .drop)
        #expect(try judge(keys, #"{"\#(other)":1}"#).verdict == .drop)
    }

    @Test("variables are filled in, and escaped where they stand in JSON")
    func variables() throws {
        let connection = try MiddlewareTests.facts(try ToyKey.verified(scopes: []))
        let template = try Template(parsing: "${token.subject} ${client.ip} ${client.certificate} ${request.id}")
        let text = rule(.all([]), .reply(.text(template)))
        #expect(try judge([text], "x", on: connection).output == "alice 192.0.2.1 CN=alice r-1")
        let quoted = JSONTemplate(
            Template(parts: [.literal(#"{"said":""#), .variable(.match("word")), .literal(#""}"#)]))
        let json = rule(.text(TextPattern("say (?P<word>.*)")), .reply(.json(quoted)))
        #expect(try judge([json], #"say "hi\"# + "\u{1}").output == #"{"said":"\"hi\\\u0001"}"#)
    }

    @Test("set and remove leave every other byte as it was")
    func edits() throws {
        let value = JSONTemplate(.literal(#""guest""#))
        let set = rule(.all([]), .set(JSONPointer("/user/name")!, value))
        let remove = rule(.all([]), .remove(JSONPointer("/user/email")!))
        let text = #"{ "user" : {"name":"alice", "email":"a@b" , "n":1.50}, "x":[ ] }"#
        #expect(
            try judge([set, remove], text)
                == Judged(
                    verdict: .edited, output: #"{ "user" : {"name":"guest" , "n":1.50}, "x":[ ] }"#, hits: [0, 1]))
        #expect(try judge([remove], #"{"user":{}}"#) == Judged(verdict: .pass, hits: []))
        // A reader behind that takes what is no JSON would see what was to be edited.
        #expect(
            try judge([remove], #"{"user":{"email":1}"#).verdict
                == .close(.policyViolation, reason: "message-denied", rule: "r"))
    }

    @Test("rules in order: an edit goes on, allow, drop, close and reply end the way")
    func order() throws {
        let rules = [
            rule(.text(.literal("a")), .replace(.literal("a"), with: .literal("b")), named: "one"),
            rule(.text(.literal("b")), .replace(.literal("b"), with: .literal("c")), named: "two"),
            rule(.text(.literal("ccc")), .allow, named: "three"),
            rule(.text(.literal("cc")), .drop, named: "four"),
            rule(.text(.literal("?")), .reply(.text(.literal("why"))), named: "five"),
            rule(.text(.literal("c")), .close(code: 4000, reason: "c"), named: "six"),
        ]
        #expect(try judge(rules, "ab") == Judged(verdict: .drop, hits: [0, 1, 3]))
        #expect(
            try judge(rules, "a-b")
                == Judged(verdict: .close(CloseCode(rawValue: 4000), reason: "c", rule: "six"), hits: [0, 1, 5]))
        #expect(try judge(rules, "aaa") == Judged(verdict: .edited, output: "ccc", hits: [0, 1, 2]))
        #expect(try judge(rules, "a?b") == Judged(verdict: .reply, output: "why", hits: [0, 1, 4]))
        #expect(try judge(Array(rules.prefix(2)), "ab") == Judged(verdict: .edited, output: "cc", hits: [0, 1]))
        #expect(try judge(rules, "x") == Judged(verdict: .pass, hits: []))
    }

    @Test("H17 an edit cannot make more of a message than the route allows")
    func growth() throws {
        let long = String(repeating: "b", count: 100)
        let tooBig = MessageVerdict.close(.messageTooBig, reason: "message-too-big", rule: "r")
        for pattern in [TextPattern.literal("a"), TextPattern("a")] {
            let rules = [rule(.text(pattern), .replace(pattern, with: .literal(long)))]
            #expect(try judge(rules, "aaaaaaaaaa", maximumBytes: 999).verdict == tooBig)
            #expect(try judge(rules, "aaaaaaaaaa", maximumBytes: 1000).output?.utf8.count == 1000)
            #expect(try judge(rules, "aaaaaaaaaax", maximumBytes: 1000).verdict == tooBig)
        }
        let set = rule(.all([]), .set(JSONPointer("/a")!, JSONTemplate(.literal("\"\(long)\""))))
        #expect(try judge([set], #"{"a":1}"#, maximumBytes: 107).verdict == tooBig)
        #expect(try judge([set], #"{"a":1}"#, maximumBytes: 108).verdict == .edited)
        let reply = rule(.all([]), .reply(.text(.literal(long))))
        #expect(try judge([reply], "a", maximumBytes: 99).verdict == tooBig)
        #expect(try judge([reply], "a", maximumBytes: 100).verdict == .reply)
    }

    @Test("H14 a pattern that looks to the end for each of its matches is given up")
    func work() throws {
        let pattern = TextPattern("a.*b|a")
        let rules = [rule(.all([]), .replace(pattern, with: .literal("c")))]
        let long = String(repeating: "a", count: 60_000)
        #expect(try judge(rules, long).verdict == .close(.policyViolation, reason: "message-denied", rule: "r"))
        #expect(try judge(rules, String(long.prefix(1000))).verdict == .edited)
    }

    @Test("shadow: a hit for each rule, and nothing changed")
    func shadow() throws {
        let rules = [
            rule(.text(.literal("a")), .replace(.literal("a"), with: .literal("b")), .shadow),
            rule(.text(.literal("b")), .drop),
            rule(.opcode(.text), .close(code: 1008, reason: ""), .shadow),
            rule(.all([]), .allow, .shadow), rule(.all([]), .reply(.text(.literal("x"))), .shadow),
            rule(.all([]), .set(JSONPointer("")!, JSONTemplate(.literal("1"))), .shadow),
            rule(.text(.literal("a")), .drop),
        ]
        #expect(try judge(rules, "a") == Judged(verdict: .drop, hits: [~0, ~2, ~3, ~4, ~5, 6]))
        #expect(try judge(rules, "c") == Judged(verdict: .pass, hits: [~2, ~3, ~4, ~5]))
    }

    @Test("shadow: what would not have acted is no hit, and what would have ended the connection does not")
    func shadowedActions() throws {
        let remove = rule(.all([]), .remove(JSONPointer("/x")!), .shadow)
        let set = rule(.all([]), .set(JSONPointer("/x/y")!, JSONTemplate(.literal("1"))), .shadow)
        #expect(try judge([remove, set], #"{"a":1}"#) == Judged(verdict: .pass, hits: []))
        #expect(try judge([remove, set], #"{"x":{}}"#) == Judged(verdict: .pass, hits: [~0, ~1]))
        #expect(try judge([remove, set], "no JSON") == Judged(verdict: .pass, hits: [~0, ~1]))
        let long = rule(.all([]), .reply(.text(.literal("long"))), .shadow)
        #expect(try judge([long], "a", maximumBytes: 3) == Judged(verdict: .pass, hits: [~0]))
        // Without end, so that validation gives up.
        let branch = ##"{"properties":{"a":{"$ref":"#/$defs/n"}},"required":["x"]}"##
        let costly = Array(##"{"$ref":"#/$defs/n","$defs":{"n":{"anyOf":[\##(branch),\##(branch)]}}}"##.utf8)
        let nested = String(repeating: #"{"a":"#, count: 100) + "{}" + String(repeating: "}", count: 100)
        let schema = SchemaDemand(file: "s", bytes: costly)
        let closed = try judge([rule(.all([]), .schema(schema))], nested).verdict
        #expect(closed == .close(.internalError, reason: "", rule: "r"))
        #expect(try judge([rule(.all([]), .schema(schema), .shadow)], nested) == Judged(verdict: .pass, hits: [~0]))
        let broken = rule(.all([]), .remove(JSONPointer("")!), .shadow)
        #expect(try judge([broken], "{}") == Judged(verdict: .pass, hits: [~0]))
        let unreadable = try MiddlewareTests.json("/a", .matches("("))
        #expect(try judge([rule(unreadable, .drop, .shadow)], "{}") == Judged(verdict: .pass, hits: []))
    }

    @Test("rules that cannot hold for a connection, a kind of message or its size are no reason to read it")
    func reads() throws {
        let admin = try MiddlewareTests.facts(try ToyKey.verified(scopes: ["chat.admin"]))
        let guest = try MiddlewareTests.facts(try ToyKey.verified(scopes: ["chat.read"]))
        let nobody = try MiddlewareTests.facts()
        func plan(_ rules: MessageRule..., from sender: MessageSender = .client, of facts: ConnectionFacts)
            -> MessagePlan
        {
            MessagePlan(MessageRules(rules), from: sender, of: facts)
        }
        let scope = MessageCondition.connection(.scope("chat.admin"))
        let lacks = rule(.all([.not(scope), .text(.literal("x"))]), .drop)
        #expect(plan(lacks, of: admin).isEmpty)
        #expect(!plan(lacks, of: guest).isEmpty && !plan(lacks, of: nobody).isEmpty)
        #expect(plan(lacks, from: .upstream, of: guest).isEmpty)
        let has = rule(scope, .drop, from: .upstream)
        #expect(!plan(has, from: .upstream, of: admin).isEmpty)
        #expect(plan(has, from: .upstream, of: guest).isEmpty && plan(has, from: .upstream, of: nobody).isEmpty)
        let text = plan(rule(.text(.literal("x")), .drop), of: nobody)
        #expect(text.reads(.text, size: nil) && !text.reads(.binary, size: nil))
        let sized = plan(
            rule(.size(over: 9, under: 20), .drop), rule(.all([.opcode(.binary), .size(over: 99)]), .drop), of: nobody)
        for (opcode, size, isRead) in [
            (Opcode.text, 9, false), (.text, 10, true), (.text, 19, true), (.text, 20, false), (.binary, 9, false),
            (.binary, 50, true), (.binary, 1000, true),
        ] {
            #expect(sized.reads(opcode, size: size) == isRead, "\(opcode) \(size)")
        }
        #expect(sized.reads(.text, size: nil))
        let impossible = rule(.any([.not(.all([])), .all([.opcode(.text), .opcode(.binary)])]), .drop)
        #expect(plan(impossible, of: nobody).isEmpty)
        #expect(!plan(rule(.not(.opcode(.binary)), .drop), of: nobody).isEmpty)
        let both = rule(.all([]), .drop, from: .both)
        #expect(!plan(both, of: nobody).isEmpty && !plan(both, from: .upstream, of: nobody).isEmpty)
        let sender = rule(.sender(.upstream), .drop, from: .both)
        #expect(plan(sender, of: nobody).isEmpty && !plan(sender, from: .upstream, of: nobody).isEmpty)
        #expect(plan(of: nobody).isEmpty)
    }

    @Test("what cannot be compiled closes rather than passes")
    func broken() throws {
        let deep = MessageCondition.json(JSONPointer(String(repeating: "/a", count: 300))!, .exists)
        for rule in [
            rule(deep, .drop), rule(.text(TextPattern("(")), .drop),
            rule(.all([]), .remove(JSONPointer("")!)),
            rule(.all([]), .schema(SchemaDemand(file: "s", bytes: Array("{".utf8)))),
        ] {
            guard case .close(.internalError, _, _) = try judge([rule], "{}").verdict else {
                Issue.record("\(rule.condition) \(rule.action) let a message pass")
                continue
            }
        }
    }

    @Test("schema: what does not fit closes with 1007 or is dropped, and where is told")
    func schema() throws {
        let bytes = Array(#"{"properties":{"n":{"type":"integer"}},"required":["n"]}"#.utf8)
        let close = rule(.all([]), .schema(SchemaDemand(file: "s", bytes: bytes)))
        #expect(try judge([close], #"{"n":1}"#) == Judged(verdict: .pass, hits: []))
        #expect(
            try judge([close], #"{"n":"x"}"#)
                == Judged(
                    verdict: .close(.invalidPayload, reason: "schema-mismatch", rule: "r"), hits: [0], pointer: "/n"))
        let drop = rule(.all([]), .schema(SchemaDemand(file: "s", bytes: bytes, onFailure: .drop)))
        #expect(try judge([drop], "{}").verdict == .drop)
        #expect(try judge([drop], "no JSON").verdict == .drop)
    }

    private static func limited(
        _ excess: TrafficLimit.Excess, _ key: TrafficLimit.Key = .connection, _ mode: EnforcementMode = .enforce
    ) -> MessageRule {
        let limit = TrafficLimit(rate: Rate(count: 2, period: .seconds(2)), burst: 2, key: key, onExceed: excess)
        return rule(.text(.literal("!")), .limit(limit), mode, from: .both)
    }

    /// Messages of a client, all at one time: what becomes of each, and until when the sender has to wait.
    private static func send(
        _ texts: [String], through plan: inout MessagePlan, at now: Int64 = 0
    ) -> [(MessageVerdict, Int64?)] {
        var scratch = FilterScratch()
        return texts.map { text in
            (plan.evaluate(opcode: .text, payload: Array(text.utf8).span, now: now, using: &scratch), scratch.heldUntil)
        }
    }

    @Test("limit: what is described is counted, and what is too much is dropped, ends the connection or waits")
    func limits() throws {
        let texts = ["!", "free", "!", "!", "free"]
        let closed = MessageVerdict.close(.policyViolation, reason: "message-rate-exceeded", rule: "r")
        for (excess, expected, waits) in [
            (
                TrafficLimit.Excess.drop, [MessageVerdict.pass, .pass, .pass, .drop, .pass],
                [Int64?](repeating: nil, count: 5)
            ),
            (.close, [.pass, .pass, .pass, closed, .pass], [Int64?](repeating: nil, count: 5)),
            (.delay, [.pass, .pass, .pass, .pass, .pass], [nil, nil, nil, 1_000_000_000, nil]),
        ] {
            for mode in [EnforcementMode.enforce, .shadow] {
                var environment = MiddlewareEnvironment(tokens: TokenAuthority())
                let rules = MessageRules(
                    [Self.limited(excess, .connection, mode)], of: "route chat", renewal: nil, in: &environment)
                let owner = TrafficOwner(address: .v4(1), identity: nil)
                var plan = MessagePlan(
                    rules, from: .client, of: try MiddlewareTests.facts(), buckets: rules.buckets(of: owner))
                let results = Self.send(texts, through: &plan)
                #expect(results.map(\.0) == (mode == .shadow ? Array(repeating: .pass, count: 5) : expected))
                #expect(results.map(\.1) == (mode == .shadow ? Array(repeating: nil, count: 5) : waits))
                // A second later there is room for one more.
                let later = Self.send(["!"], through: &plan, at: 2_000_000_000).map(\.0)
                #expect(later == [.pass])
            }
        }
    }

    @Test("limit: in shadow mode nobody owes anything, and every message too many is counted")
    func shadowedDelay() throws {
        var environment = MiddlewareEnvironment(tokens: TokenAuthority())
        let rules = MessageRules(
            [Self.limited(.delay, .address, .shadow)], of: "route chat", renewal: nil, in: &environment)
        let buckets = rules.buckets(of: TrafficOwner(address: .v4(1), identity: nil))
        var plan = MessagePlan(rules, from: .client, of: try MiddlewareTests.facts(), buckets: buckets)
        var scratch = FilterScratch()
        // At most one more each second, whatever came meanwhile.
        let hits = [Int64(0), 0, 0, 0, 0, 1, 1].map { second in
            _ = plan.evaluate(
                opcode: .text, payload: [0x21].span, now: second * 1_000_000_000, using: &scratch)
            return scratch.hits.count
        }
        #expect(hits == [0, 0, 1, 1, 1, 0, 1])
    }

    @Test("limit: by connection, by address, both directions, and over a renewed plan")
    func limitKeys() throws {
        var environment = MiddlewareEnvironment(tokens: TokenAuthority())
        for (key, isShared) in [(TrafficLimit.Key.connection, false), (.address, true)] {
            let rules = MessageRules([Self.limited(.drop, key)], of: "route \(key)", renewal: nil, in: &environment)
            func plans() throws -> (client: MessagePlan, upstream: MessagePlan) {
                let buckets = rules.buckets(of: TrafficOwner(address: .v4(1), identity: nil))
                return (
                    MessagePlan(rules, from: .client, of: try MiddlewareTests.facts(), buckets: buckets),
                    MessagePlan(rules, from: .upstream, of: try MiddlewareTests.facts(), buckets: buckets)
                )
            }
            var (first, other) = (try plans(), try plans())
            #expect(Self.send(["!"], through: &first.client).map(\.0) == [.pass])
            #expect(Self.send(["!", "!"], through: &first.upstream).map(\.0) == [.pass, .drop])
            var renewed = MessagePlan(rules, from: .client, of: try MiddlewareTests.facts())
            renewed.keepBuckets(of: first.client)
            #expect(Self.send(["!"], through: &renewed).map(\.0) == [.drop])
            #expect(Self.send(["!"], through: &other.client).map(\.0) == [isShared ? .drop : .pass])
        }
        // Without its bucket a limit lets nothing through.
        var bare = MessagePlan(
            MessageRules([Self.limited(.drop)]), from: .client, of: try MiddlewareTests.facts())
        #expect(Self.send(["!"], through: &bare).map(\.0) == [.close(.internalError, reason: "", rule: "r")])
    }
}
