import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

private func rule(
    named name: String = "r", from: MessageRule.Source = .client, _ condition: MessageCondition,
    _ action: MessageAction,
    _ mode: EnforcementMode = .enforce
) -> MessageRule {
    MessageRule(name: name, from: from, condition: condition, action: action, mode: mode, position: position)
}

private func verdict(
    _ rules: [MessageRule], _ text: String, opcode: Opcode = .text, maximumBytes: Int = .max
) -> MessageVerdict {
    var scratch = FilterScratch()
    let plan = MessagePlan(rules: rules, from: .client, identity: nil, maximumBytes: maximumBytes)
    return plan.evaluate(opcode: opcode, payload: Array(text.utf8).span, using: &scratch)
}

private func jsonTest(_ pointer: String, _ value: JSONScalar) throws -> MessageCondition.JSONTest {
    .init(pointer: try #require(JSONPointer(pointer)), equals: value)
}

@Suite struct MessagePlanTests {
    @Test("opcode and size", arguments: [Opcode.text, .binary])
    func facts(_ opcode: Opcode) {
        let text = [rule(MessageCondition(opcode: .text), .drop)]
        #expect(verdict(text, "x", opcode: opcode) == (opcode == .text ? .drop(rule: "r") : .pass))
        let binary = [rule(MessageCondition(opcode: .binary), .drop)]
        #expect(verdict(binary, "x", opcode: opcode) == (opcode == .binary ? .drop(rule: "r") : .pass))
        let sizes = [rule(MessageCondition(sizeOver: 2, sizeUnder: 5), .drop)]
        for (text, isDropped) in [("", false), ("ab", false), ("abc", true), ("abcd", true), ("abcde", false)] {
            #expect(verdict(sizes, text, opcode: opcode) == (isDropped ? .drop(rule: "r") : .pass))
        }
    }

    @Test("sizes at their ends do not overflow")
    func sizes() {
        #expect(verdict([rule(MessageCondition(sizeOver: .max), .drop)], "x") == .pass)
        #expect(verdict([rule(MessageCondition(sizeUnder: 0), .drop)], "") == .pass)
        #expect(verdict([rule(MessageCondition(sizeOver: 5, sizeUnder: 2), .drop)], "abc") == .pass)
        #expect(verdict([rule(MessageCondition(sizeUnder: .min), .drop)], "") == .pass)
    }

    @Test("text: only in text messages, byte for byte")
    func text() {
        let rules = [rule(MessageCondition(textContains: "pass"), .close(code: 1008, reason: "no"))]
        #expect(verdict(rules, "my password") == .close(.policyViolation, reason: "no", rule: "r"))
        #expect(verdict(rules, "my PASSword") == .pass)
        #expect(verdict(rules, "my password", opcode: .binary) == .pass)
        let never = [rule(MessageCondition(opcode: .binary, textContains: "x"), .drop)]
        #expect(MessagePlan(rules: never, from: .client, identity: nil).isEmpty)
    }

    @Test("json: in text and binary, and what stands twice cannot hide")
    func json() throws {
        let rules = [rule(MessageCondition(json: try jsonTest("/type", .string("admin"))), .drop)]
        #expect(verdict(rules, #"{"type":"admin"}"#) == .drop(rule: "r"))
        #expect(verdict(rules, #"{"type":"admin"}"#, opcode: .binary) == .drop(rule: "r"))
        #expect(verdict(rules, #"{"type":"x","ty\u0070e":"adm\u0069n"}"#) == .drop(rule: "r"))
        #expect(verdict(rules, #"{"type":"guest"}"#) == .pass)
        #expect(verdict(rules, "not JSON") == .pass)
    }

    @Test(
        "json: every kind of scalar",
        arguments: [
            (JSONScalar.string("a"), #""a""#), (.integer(1), "1.0"), (.double(1.5), "1.5"), (.boolean(true), "true"),
            (.null, "null"),
        ])
    func scalars(_ scalar: JSONScalar, _ text: String) throws {
        let rules = [rule(MessageCondition(json: try jsonTest("/a/0", scalar)), .drop)]
        #expect(verdict(rules, #"{"a":[\#(text)]}"#) == .drop(rule: "r"))
        #expect(verdict(rules, #"{"a":[{}]}"#) == .pass)
    }

    @Test("everything that is given must hold")
    func all() throws {
        let condition = MessageCondition(
            opcode: .text, sizeOver: 10, textContains: "secret", json: try jsonTest("/n", .integer(1)))
        let rules = [rule(condition, .drop)]
        #expect(verdict(rules, #"{"n":1,"x":"secret"}"#) == .drop(rule: "r"))
        #expect(verdict(rules, #"{"n":2,"x":"secret"}"#) == .pass)
        #expect(verdict(rules, #"{"n":1,"x":"public"}"#) == .pass)
        #expect(verdict(rules, #"{"n":1,"x":"secret"}"#, opcode: .binary) == .pass)
    }

    @Test(
        "replace: every place, left to right, not what was put in",
        arguments: [
            ("a", "b", "aXa", "bXb"), ("aa", "a", "aaaaa", "aaa"), ("a", "aa", "aba", "aabaa"),
            ("é", "e", "été", "ete"),
            ("x", "", "xx", ""), ("ab", "ba", "aabb", "abab"), ("needle", "*", "needle needleneedle n", "* ** n"),
        ])
    func replace(_ needle: String, _ replacement: String, _ text: String, _ expected: String) {
        let rules = [rule(MessageCondition(textContains: needle), .replace(with: replacement))]
        #expect(verdict(rules, text) == .replace(Array(expected.utf8)))
    }

    @Test("rules in order: a replacement goes on, drop and close end the way")
    func order() {
        let rules = [
            rule(named: "one", MessageCondition(textContains: "a"), .replace(with: "b")),
            rule(named: "two", MessageCondition(textContains: "b"), .replace(with: "c")),
            rule(named: "three", MessageCondition(textContains: "cc"), .drop),
            rule(named: "four", MessageCondition(textContains: "c"), .close(code: 4000, reason: "c")),
        ]
        #expect(verdict(rules, "ab") == .drop(rule: "three"))
        #expect(verdict(rules, "a-b") == .close(CloseCode(rawValue: 4000), reason: "c", rule: "four"))
        #expect(verdict(Array(rules.prefix(2)), "ab") == .replace(Array("cc".utf8)))
        #expect(verdict(rules, "x") == .pass)
    }

    @Test("H17 a replacement cannot make more of a message than the route allows")
    func growth() {
        let rules = [rule(MessageCondition(textContains: "a"), .replace(with: String(repeating: "b", count: 100)))]
        let tooBig = MessageVerdict.close(.messageTooBig, reason: "message-too-big", rule: "r")
        #expect(verdict(rules, "aaaaaaaaaa", maximumBytes: 999) == tooBig)
        #expect(verdict(rules, "aaaaaaaaaa", maximumBytes: 1000) == .replace(Array(repeating: 0x62, count: 1000)))
        #expect(verdict(rules, "aaaaaaaaaax", maximumBytes: 1000) == tooBig)
    }

    @Test("shadow: a hit for each rule, and nothing changed")
    func shadow() {
        let rules = [
            rule(named: "one", MessageCondition(textContains: "a"), .replace(with: "b"), .shadow),
            rule(named: "two", MessageCondition(textContains: "b"), .drop),
            rule(named: "three", MessageCondition(opcode: .text), .close(code: 1008, reason: ""), .shadow),
        ]
        var scratch = FilterScratch()
        let plan = MessagePlan(rules: rules, from: .client, identity: nil)
        #expect(plan.evaluate(opcode: .text, payload: [0x61].span, using: &scratch) == .pass)
        #expect(scratch.shadowHits == ["one", "three"])
        #expect(plan.evaluate(opcode: .binary, payload: [0x61].span, using: &scratch) == .pass)
        #expect(scratch.shadowHits.isEmpty)
    }

    @Test("directions and scopes are settled when the plan is made")
    func isEmpty() throws {
        let admin = try ToyKey.verified(scopes: ["chat.admin"])
        let guest = try ToyKey.verified(scopes: ["chat.read"])
        func isEmpty(_ rule: MessageRule, _ sender: MessageSender, _ identity: VerifiedToken?) -> Bool {
            MessagePlan(rules: [rule], from: sender, identity: identity).isEmpty
        }
        let lacks = rule(MessageCondition(lacksScope: "chat.admin"), .drop)
        #expect(isEmpty(lacks, .client, admin))
        #expect(!isEmpty(lacks, .client, guest))
        #expect(!isEmpty(lacks, .client, nil))
        #expect(isEmpty(lacks, .upstream, guest))
        let has = rule(from: .upstream, MessageCondition(scope: "chat.admin"), .drop)
        #expect(!isEmpty(has, .upstream, admin))
        #expect(isEmpty(has, .upstream, guest))
        #expect(isEmpty(has, .upstream, nil))
        let both = rule(from: .both, MessageCondition(), .drop)
        #expect(!isEmpty(both, .client, nil) && !isEmpty(both, .upstream, nil))
        #expect(MessagePlan(rules: [], from: .client, identity: nil).isEmpty)
    }

    @Test("a condition that cannot be compiled closes rather than passes")
    func broken() throws {
        let deep = String(repeating: "/a", count: 300)
        let rules = [rule(MessageCondition(json: try jsonTest(deep, .null)), .drop)]
        #expect(verdict(rules, "{}") == .close(.internalError, reason: "", rule: "r"))
        #expect(
            verdict([rule(MessageCondition(), .replace(with: "x"))], "a")
                == .close(.internalError, reason: "", rule: "r"))
    }

    @Test("a filter of one's own takes part")
    func ownFilter() {
        struct Reverse: MessageFilter {
            func inspect(opcode: Opcode, payload: Span<UInt8>, using scratch: inout FilterScratch) -> FilterVerdict {
                .replace(payload.indices.reversed().map { payload[$0] })
            }
        }
        let plan = MessagePlan([(name: "reverse", mode: .enforce, filter: Reverse())])
        var scratch = FilterScratch()
        #expect(plan.evaluate(opcode: .binary, payload: [1, 2, 3].span, using: &scratch) == .replace([3, 2, 1]))
    }
}
