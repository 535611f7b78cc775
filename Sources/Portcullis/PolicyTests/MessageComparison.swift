import PolicyModel

/// What a test expects of a message beside what has become of it.
struct MessageComparison {
    /// Its place among the test's, from 1 on.
    let number: Int
    let message: TestMessage
    let actual: ObservedMessage

    private var expected: MessageExpectation { message.expectation }

    var failures: [TestFailure] {
        var failures: [TestFailure] = []
        if !isOutcome {
            failures.append(
                TestFailure(
                    subject: "message \(number)", expected: words(of: expected.outcome),
                    actual: words(of: actual.outcome),
                    position: expected.position, difference: difference))
        }
        let acted = actual.rules.filter { !$0.isShadow }.map(\.name)
        let missing = expected.rules.filter { !acted.contains($0) }
        if !missing.isEmpty {
            failures.append(failure("rules that act on message \(number)", expected.rules, acted))
        }
        let shadow = actual.rules.filter(\.isShadow).map(\.name)
        if let wanted = expected.shadow, wanted.sorted() != shadow.sorted() {
            failures.append(failure("rules that would act on message \(number) but for shadow mode", wanted, shadow))
        }
        return failures
    }

    private func failure(_ subject: String, _ expected: [String], _ actual: [String]) -> TestFailure {
        TestFailure(
            subject: subject, expected: expected.isEmpty ? "none" : expected.joined(separator: ", "),
            actual: actual.isEmpty ? "none" : actual.joined(separator: ", "), position: self.expected.position)
    }

    private var isOutcome: Bool {
        switch (expected.outcome, actual.outcome) {
        case (.passed, .passed), (.dropped, .dropped), (.renewed, .renewed), (.edited(nil), .edited),
            (.reply(nil), .reply):
            true
        case (.edited(let payload?), .edited(let bytes)), (.reply(let payload?), .reply(let bytes)):
            Self.matches(payload, bytes)
        case (.closed(let code, let reason), .closed(let actualCode, let actualReason)):
            (code ?? actualCode) == actualCode && (reason ?? actualReason) == actualReason
        default: false
        }
    }

    private static func matches(_ payload: TestPayload, _ bytes: [UInt8]) -> Bool {
        switch payload {
        case .text(let text): text.utf8.elementsEqual(bytes)
        case .binary(let wanted): wanted == bytes
        case .json(let value): JSONTree(parsing: bytes) == value
        case .renewal: false
        }
    }

    /// Of JSON that is too long to be compared at a glance.
    private var difference: [LineDifference.Line] {
        switch (expected.outcome, actual.outcome) {
        case (.edited(.json(let wanted)?), .edited(let bytes)), (.reply(.json(let wanted)?), .reply(let bytes)):
            guard let value = JSONTree(parsing: bytes), max(value.text.utf8.count, wanted.text.utf8.count) > 60 else {
                return []
            }
            return LineDifference(
                expected: wanted.lines.map(\.terminalSafe), actual: value.lines.map(\.terminalSafe)
            ).lines
        default: return []
        }
    }
}

extension MessageComparison {
    private func words(of outcome: MessageExpectation.Outcome) -> String {
        switch outcome {
        case .passed: "goes on as it came"
        case .edited(let payload): "goes on" + (payload.map { " as \(words(of: $0))" } ?? ", edited")
        case .dropped: "goes no further"
        case .renewed: "goes no further: it has brought a fresh token that holds"
        case .reply(let payload): "goes no further, and is answered" + (payload.map { " with \(words(of: $0))" } ?? "")
        case .closed(let code, let reason):
            "ends the connection" + (code.map { ", \($0)" } ?? "") + (reason.map { " \(ShownText.quoted($0))" } ?? "")
        }
    }

    private func words(of outcome: ObservedMessage.Outcome) -> String {
        switch outcome {
        case .passed: "goes on as it came"
        case .edited(let bytes): "goes on as \(words(of: bytes))"
        case .dropped: "goes no further"
        case .renewed: "goes no further: it has brought a fresh token that holds"
        case .reply(let bytes): "goes no further, and is answered with \(words(of: bytes))"
        case .closed(let code, let reason): "ends the connection, \(code) \(ShownText.quoted(reason))"
        case .other(let words): words
        }
    }

    private func words(of payload: TestPayload) -> String {
        switch payload {
        case .text(let text): ShownText.quoted(text)
        case .json(let value): ShownText.cut(value.text.terminalSafe, of: value.text.utf8.count)
        case .binary(let bytes): ShownText.hexadecimal(bytes)
        case .renewal(let claims): "a fresh token of \(ShownText.quoted(claims.subject))"
        }
    }

    private func words(of bytes: [UInt8]) -> String {
        if let value = JSONTree(parsing: bytes), case .json? = wantedPayload { return words(of: .json(value)) }
        if case .binary? = wantedPayload { return ShownText.hexadecimal(bytes) }
        return String(validating: bytes, as: UTF8.self).map(ShownText.quoted) ?? ShownText.hexadecimal(bytes)
    }

    private var wantedPayload: TestPayload? {
        switch expected.outcome {
        case .edited(let payload), .reply(let payload): payload
        default: message.payload
        }
    }
}
