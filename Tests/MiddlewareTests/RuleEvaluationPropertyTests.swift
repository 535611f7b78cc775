import Inspection
import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

/// Rules and messages at random, judged as well by asking each rule of each message, one condition after another.
@Suite struct RuleEvaluationPropertyTests {
    @Test("the same as asking each rule in turn, whatever may be left out or is found in one pass", arguments: 0..<150)
    func naive(seed: Int) throws {
        var random = SeededNumbers(seed: UInt64(seed))
        let token = try ToyKey.verified(scopes: ["a"])
        for _ in 0..<10 {
            let rules = try (0..<1 + random.below(7)).map { number in
                let condition = try RandomRules.condition(&random, depth: 3)
                let mode: EnforcementMode = random.below(5) == 0 ? .shadow : .enforce
                return rule(
                    condition, random.pick(RandomRules.actions), mode, named: "\(number)",
                    from: random.pick([.client, .client, .upstream, .both]))
            }
            let compiled = MessageRules(rules)
            let facts = try MiddlewareTests.facts(random.below(2) == 0 ? token : nil, "/chat?room=a")
            for _ in 0..<12 {
                let sender: MessageSender = random.below(4) == 0 ? .upstream : .client
                let opcode: Opcode = random.below(3) == 0 ? .binary : .text
                let text = random.pick(RandomRules.messages)
                let plan = MessagePlan(compiled, from: sender, of: facts)
                let found = judged(plan, opcode, text)
                let expected = NaiveJudge(rules: rules, sender: sender, opcode: opcode, facts: facts).judge(text)
                #expect(found == expected, "\(text) as \(opcode) of the \(sender) by \(rules)")
                // Of a message in fragments nothing is known before its end.
                if !plan.reads(opcode, size: nil) { #expect(expected == Judged(verdict: .pass, hits: [])) }
            }
        }
    }

    private func judged(_ plan: MessagePlan, _ opcode: Opcode, _ text: String) -> Judged {
        let bytes = Array(text.utf8)
        guard plan.reads(opcode, size: bytes.count) else { return Judged(verdict: .pass, hits: []) }
        var plan = plan
        var scratch = FilterScratch()
        let verdict = plan.evaluate(opcode: opcode, payload: bytes.span, now: 0, using: &scratch)
        let isOutput = verdict == .edited || verdict == .reply
        return Judged(
            verdict: verdict, output: isOutput ? String(decoding: scratch.output, as: UTF8.self) : nil,
            hits: scratch.hits.map { $0.isShadow ? ~$0.rule : $0.rule })
    }
}

/// What rules and messages are made of. Few letters, so that much of it meets.
private enum RandomRules {
    static let messages = [
        "", "a", "b", "ab", "ba", "aab", "c", "é", "e\u{301}", #"{"a":1}"#, #"{"a":"b"}"#, #"{"a":1,"a":"b"}"#,
        #"{"b":{"a":[1,"é"]}}"#, #"{"b":{"a":["e\#u{301}",2]},"a":null}"#, #"{"a":1"#, "[1,2]", "1", "null", #""a""#,
        #"{"é":1}"#, #"{"e\#u{301}":1}"#, #"{"a":1.0,"c":"abc"}"#, "a\0", "\u{feff}{\"a\":1}",
    ]

    static let actions: [MessageAction] = [
        .allow, .drop, .close(code: 4000, reason: "no"), .log(payload: false), .log(payload: true),
        .replace(.literal("a"), with: .literal("b")), .replace(.literal("b"), with: .literal("é")),
        .replace(TextPattern("^"), with: .literal("a")), .reply(.text(.literal("hello"))),
    ]

    private static let texts: [TextPattern] = [
        .literal("a"), .literal("b"), .literal("ab"), .literal("é"), .literal("e\u{301}"), TextPattern("a"),
        TextPattern("^a"), TextPattern("b$"), TextPattern("^$"), TextPattern("é"), TextPattern("e\u{301}"),
        TextPattern("[^a]b"),
    ]
    private static let pointers = ["", "/a", "/b", "/b/a", "/b/a/0", "/b/a/1", "/é", "/e\u{301}", "/0", "/c"]
    private static let demands: [JSONDemand] = [
        .exists, .equals(.integer(1)), .equals(.double(1)), .equals(.string("b")), .equals(.null),
        .equals(.string("é")), .equals(.string("e\u{301}")), .oneOf([.integer(2), .string("b")]),
        .oneOf([.string("é")]), .oneOf([.string("e\u{301}")]), .matches("b"), .matches("é"), .matches("e\u{301}"),
        .type(.integer), .type(.object), .type(.array), .over(.integer(1)), .under(.integer(2)),
    ]

    static func condition(_ random: inout SeededNumbers, depth: Int) throws -> MessageCondition {
        switch random.below(depth > 0 ? 16 : 11) {
        case 0: return .opcode(random.pick([.text, .binary]))
        case 1:
            return .size(
                over: random.pick([nil, 0, 1, 3, 8, .max]), under: random.pick([nil, 0, 1, 2, 5, 9, .max, .min]))
        case 2, 3, 4: return .text(random.pick(texts))
        case 5, 6: return .json(try #require(JSONPointer(random.pick(pointers))), random.pick(demands))
        case 7: return .binaryPrefix(Array(random.pick(["a", "{", "é", "ab"]).utf8))
        case 8: return random.pick([.notJSON, .notUTF8])
        case 9: return .sender(random.pick([.client, .upstream, .both]))
        case 10:
            return .connection(
                random.pick([
                    .scope("a"), .scope("b"), .path(.equals(.string("/chat"))), .query("room", .equals(.string("a"))),
                    .query("none", .exists), .subject(.exists),
                ]))
        case 11, 12: return .not(try condition(&random, depth: depth - 1))
        case 13, 14: return .all(try (0..<random.below(4)).map { _ in try condition(&random, depth: depth - 1) })
        default: return .any(try (0..<random.below(4)).map { _ in try condition(&random, depth: depth - 1) })
        }
    }
}

/// Judges without anything that is compiled together.
private struct NaiveJudge {
    let rules: [MessageRule]
    let sender: MessageSender
    let opcode: Opcode
    let facts: ConnectionFacts

    func judge(_ text: String) -> Judged {
        var text = text
        var hits: [Int] = []
        var isEdited = false
        for (number, rule) in rules.enumerated() {
            guard includes(rule.from), holds(rule.condition, text) else { continue }
            let isShadow = rule.mode == .shadow
            var changed: String?
            if case .replace(let pattern, let with) = rule.action {
                changed = replaced(text, pattern, with)
                guard changed != nil else { continue }
            }
            hits.append(isShadow ? ~number : number)
            guard !isShadow else { continue }
            switch rule.action {
            case .allow: return Judged(verdict: isEdited ? .edited : .pass, output: isEdited ? text : nil, hits: hits)
            case .drop: return Judged(verdict: .drop, hits: hits)
            case .close(let code, let reason):
                return Judged(
                    verdict: .close(CloseCode(rawValue: code), reason: reason, rule: rule.name), hits: hits)
            case .reply: return Judged(verdict: .reply, output: "hello", hits: hits)
            default: break
            }
            if let changed { (text, isEdited) = (changed, true) }
        }
        return Judged(verdict: isEdited ? .edited : .pass, output: isEdited ? text : nil, hits: hits)
    }

    private func includes(_ source: MessageRule.Source) -> Bool {
        source == .both || (source == .client) == (sender == .client)
    }

    private func replaced(_ text: String, _ pattern: TextPattern, _ with: Template) -> String? {
        let put = with.expanded { _ in "" }
        guard pattern.isLiteral else { return put + text }
        let parts = split(Array(text.utf8), by: Array(pattern.expression.utf8))
        guard parts.count > 1 else { return nil }
        return String(decoding: Array(parts.joined(separator: Array(put.utf8))), as: UTF8.self)
    }

    private func split(_ bytes: [UInt8], by needle: [UInt8]) -> [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: needle) {
                parts.append([])
                index += needle.count
            } else {
                parts[parts.count - 1].append(bytes[index])
                index += 1
            }
        }
        return parts
    }

    private func holds(_ condition: MessageCondition, _ text: String) -> Bool {
        let bytes = Array(text.utf8)
        switch condition {
        case .all(let inner): return inner.allSatisfy { holds($0, text) }
        case .any(let inner): return inner.contains { holds($0, text) }
        case .not(let inner): return !holds(inner, text)
        case .sender(let source): return includes(source)
        case .opcode(let wanted): return (wanted == .text) == (opcode == .text)
        case .size(let over, let under): return bytes.count > over ?? -1 && bytes.count < under ?? .max
        case .text(let pattern):
            guard opcode == .text else { return false }
            return pattern.isLiteral
                ? split(bytes, by: Array(pattern.expression.utf8)).count > 1 : matches(pattern.expression, bytes)
        case .json(let pointer, let demand): return jsonHolds(pointer, demand, bytes)
        case .binaryPrefix(let prefix): return opcode == .binary && bytes.starts(with: prefix)
        case .notJSON: return !JSONInspector().isJSON(bytes.span)
        // All the texts here are.
        case .notUTF8: return false
        case .connection(let condition): return (try? ConnectionTest(condition))?.holds(for: facts) ?? false
        }
    }

    private func matches(_ expression: String, _ bytes: [UInt8]) -> Bool {
        (try? Pattern(expression))?.matches(bytes.span) ?? false
    }

    /// Alone, with nothing else in its tests.
    private func jsonHolds(_ pointer: JSONPointer, _ demand: JSONDemand, _ bytes: [UInt8]) -> Bool {
        var tests = RuleTests()
        guard (try? tests.number(of: pointer, demand)) == 0, let probe = JSONProbe(tests.json) else { return false }
        var inspector = JSONInspector()
        var bits = TestBits()
        return inspector.scan(probe, in: bytes.span, into: &bits) == .scanned && bits[0]
    }
}

/// Random numbers that are the same in each run.
private struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 }

    /// 0..<`bound`.
    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ mixed >> 31) % UInt64(bound))
    }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}
