import PolicyModel
import Testing

@testable import Portcullis

struct MessageComparisonTests {
    private static func failures(
        _ outcome: MessageExpectation.Outcome, _ actual: ObservedMessage.Outcome, rules: [String] = [],
        shadow: [String]? = nil, acted: [ObservedMessage.Rule] = [], sent: TestPayload = .text("x")
    ) -> [TestFailure] {
        var expectation = MessageExpectation(outcome, position: position)
        expectation.rules = rules
        expectation.shadow = shadow
        return MessageComparison(
            number: 2, message: TestMessage(payload: sent, expectation: expectation),
            actual: ObservedMessage(outcome: actual, rules: acted)
        ).failures
    }

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(
        "outcomes that are as expected",
        arguments: [
            (MessageExpectation.Outcome.passed, ObservedMessage.Outcome.passed), (.dropped, .dropped),
            (.renewed, .renewed),
            (.edited(nil), .edited([1])), (.reply(nil), .reply([1])), (.edited(.binary([1])), .edited([1])),
            (.edited(.text("é")), .edited(bytes("é"))),
            (.edited(.json(.object(["a": .integer(1)]))), .edited(bytes(#"{ "a" : 1.0 }"#))),
            (.reply(.json(.null)), .reply(bytes("null"))),
            (.closed(code: nil, reason: nil), .closed(code: 1008, reason: "no")),
            (.closed(code: 1008, reason: "no"), .closed(code: 1008, reason: "no")),
        ] as [(MessageExpectation.Outcome, ObservedMessage.Outcome)])
    func good(_ expected: MessageExpectation.Outcome, _ actual: ObservedMessage.Outcome) {
        #expect(Self.failures(expected, actual).isEmpty)
    }

    @Test(
        "outcomes that are not",
        arguments: [
            (.passed, .edited(bytes("y")), "goes on as it came / goes on as \"y\""),
            (.dropped, .passed, "goes no further / goes on as it came"),
            (.edited(nil), .passed, "goes on, edited / goes on as it came"),
            (.edited(.text("y")), .edited(bytes("z")), "goes on as \"y\" / goes on as \"z\""),
            (.edited(.binary([0, 255])), .edited([1]), "goes on as 00ff / goes on as 01"),
            (
                .edited(.json(.array([]))), .edited(bytes("not JSON\u{1b}")),
                "goes on as [] / goes on as \"not JSON\\u{1b}\""
            ),
            (
                .reply(.json(.integer(1))), .reply(bytes(" 2 ")),
                "goes no further, and is answered with 1 / goes no further, and is answered with 2"
            ),
            (
                .closed(code: 1008, reason: "a"), .closed(code: 1008, reason: "b"),
                "ends the connection, 1008 \"a\" / ends the connection, 1008 \"b\""
            ),
            (
                .closed(code: 1007, reason: nil), .closed(code: 1008, reason: ""),
                "ends the connection, 1007 / ends the connection, 1008 \"\""
            ),
            (.passed, .other("is not sent"), "goes on as it came / is not sent"),
        ] as [(MessageExpectation.Outcome, ObservedMessage.Outcome, String)])
    func bad(_ expected: MessageExpectation.Outcome, _ actual: ObservedMessage.Outcome, _ words: String) {
        let failures = Self.failures(expected, actual)
        #expect(failures.map { "\($0.expected) / \($0.actual)" } == [words])
        #expect(failures.first?.subject == "message 2")
        #expect(failures.first?.difference.isEmpty == true)
    }

    @Test("rules that should have acted, and those that would have")
    func rules() {
        let acted = [ObservedMessage.Rule(name: "a", isShadow: false), ObservedMessage.Rule(name: "b", isShadow: true)]
        #expect(Self.failures(.passed, .passed, rules: ["a"], shadow: ["b"], acted: acted).isEmpty)
        #expect(Self.failures(.passed, .passed, acted: acted).isEmpty)
        let failures = Self.failures(.passed, .passed, rules: ["a", "b"], shadow: [], acted: acted)
        #expect(
            failures.map { "\($0.subject): \($0.expected) / \($0.actual)" } == [
                "rules that act on message 2: a, b / a",
                "rules that would act on message 2 but for shadow mode: none / b",
            ])
    }

    @Test("long JSON is shown line by line")
    func difference() {
        let long = JSONTree.object(["a": .string(String(repeating: "x", count: 60)), "b": .integer(1)])
        let actual = #"{"a": "\#(String(repeating: "x", count: 60))", "b": 2}"#
        let failures = Self.failures(.edited(.json(long)), .edited(Self.bytes(actual)))
        #expect(failures.first?.difference.contains(.onlyExpected(#"  "b": 1"#)) == true)
        #expect(failures.first?.difference.contains(.onlyActual(#"  "b": 2"#)) == true)
    }
}
