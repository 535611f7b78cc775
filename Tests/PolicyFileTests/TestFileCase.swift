import PolicyModel
import Testing

@testable import PolicyFile

/// One case of a table, as ``PolicyCase`` has it, of a file of policy tests: its text, and below a dashed line either the diagnostics
/// or a summary of its tests.
struct TestFileCase: Sendable, CustomTestStringConvertible {
    let policyCase: PolicyCase

    var testDescription: String { policyCase.name }

    static func table(_ frame: PolicyCase.Frame, _ text: String) -> [TestFileCase] {
        PolicyCase.table(frame, text).map { TestFileCase(policyCase: $0) }
    }

    func check() {
        let actual = outcome
        #expect(actual == policyCase.expected)
    }

    /// A moment is `day N`, for what N says.
    static let words = PolicyTestWords(reasons: ["office-hours-closed"]) { text in
        text.hasPrefix("day ") ? Int64(text.dropFirst(4)).map { $0 * 86_400 } : nil
    }

    private var outcome: String {
        let frame = policyCase.frame
        let indent = String(repeating: " ", count: frame.indentation)
        let input = policyCase.input.split(separator: "\n", omittingEmptySubsequences: false)
        let lines = frame.before + input.map { indent + $0 }
        let source = PolicySource(name: "t", bytes: Array(lines.joined(separator: "\n").utf8))
        switch PolicyTestLoader.decode(source, words: Self.words) {
        case .success(let file):
            return (file.policies.map { ["of \($0)"] } ?? []).appending(file.cases.flatMap(describe))
        case .failure(let error):
            return error.diagnostics.map { diagnostic in
                let position = diagnostic.position
                let (line, column) = (position.line - frame.before.count, position.column - frame.indentation)
                return "\(line):\(column): \(diagnostic.message)"
            }.joined(separator: "\n")
        }
    }
}

extension [String] {
    fileprivate func appending(_ other: [String]) -> String { (self + other).joined(separator: "\n") }
}

extension PolicyCase.Frame {
    /// A whole file.
    static let testFile = Self(before: [], indentation: 0) { _ in [] }
    /// A test's `handshake`.
    static let testHandshake = Self(
        before: [
            "defaults: { url: \"wss://chat.test/chat\", origin: o, headers: { X-A: \"1\" }, claims: { subject: zoe } }",
            "tests:", "- name: t", "  expect: admitted", "  handshake:",
        ], indentation: 4
    ) { _ in [] }
    /// A test's `expect`.
    static let testExpectation = Self(
        before: ["defaults: { url: wss://h }", "tests:", "- name: t", "  expect:"], indentation: 4
    ) { _ in [] }
    /// A test's `messages`.
    static let testMessages = Self(
        before: ["defaults: { url: wss://h }", "tests:", "- name: t", "  messages:"], indentation: 2
    ) { _ in [] }
}

private func describe(_ test: PolicyTestCase) -> [String] {
    [test.name + ":", describe(test.handshake), describe(test.expectation)] + test.messages.map(describe)
}

private func describe(_ it: TestHandshake) -> String {
    var text = "\(it.host ?? "-")\(it.target ?? "-")"
    func add<Value>(_ name: String, _ value: Value?) { if let value { text += " \(name) \(value)" } }
    add("at", it.listener)
    add("from", it.address)
    add("by", it.method)
    add("of", it.origin)
    for header in it.headers { add(header.name, header.value) }
    if !it.subprotocols.isEmpty { add("speaking", it.subprotocols) }
    switch it.credential {
    case .claims(let it): text += " claims \(describe(it))"
    case .token(let it): text += " token \(it)"
    case nil: break
    }
    add("certificate", it.clientCertificate)
    add("time", it.time)
    if it.repetitions > 1 { text += " \(it.repetitions) times, every \(it.interval)" }
    for it in it.authorization {
        text += " service \(it.url ?? "*") \(it.status ?? 0) \(it.headers.map { "\($0)=\($1)" })"
    }
    if let it = it.firstMessage { text += " first \(it)" }
    return text
}

private func describe(_ it: TestClaims) -> String {
    var text = "\(it.subject) for \(it.audiences) may \(it.scopes) ends \(it.expiresIn) old \(it.age)"
    if let issuer = it.issuer { text += " by \(issuer)" }
    if let uses = it.uses { text += " uses \(uses)" }
    if let id = it.id { text += " id \(id)" }
    if let start = it.startsIn { text += " starts \(start)" }
    if !it.other.isEmpty { text += " \(JSONTree.object(it.other).text)" }
    return text
}

private func describe(_ it: HandshakeExpectation) -> String {
    var text = "-> \(it.decision)"
    func add<Value>(_ name: String, _ value: Value?) { if let value { text += ", \(name) \(value)" } }
    add("route", it.route)
    add("status", it.status)
    for header in it.upstreamHeaders { text += ", \(header.name): \(header.value)" }
    for header in it.responseHeaders { text += ", response \(header.name): \(header.value)" }
    add("path", it.target)
    add("subprotocols", it.subprotocols)
    add("subject", it.subject)
    add("shadow", it.shadow)
    return text
}

private func describe(_ it: TestMessage) -> String {
    let times = it.repetitions > 1 ? " \(it.repetitions) times" : ""
    var text = "\(it.sender) \(describe(it.payload))\(times) after \(it.delay)"
    switch it.expectation.outcome {
    case .edited(let payload?): text += " -> edited \(describe(payload))"
    case .reply(let payload?): text += " -> reply \(describe(payload))"
    case let outcome: text += " -> \(outcome)"
    }
    if !it.expectation.rules.isEmpty { text += " by \(it.expectation.rules)" }
    if let shadow = it.expectation.shadow { text += " shadow \(shadow)" }
    return text
}

private func describe(_ payload: TestPayload) -> String {
    switch payload {
    case .text(let text): "text '\(text)'"
    case .json(let value): value.text
    case .binary(let bytes): "\(bytes)"
    }
}
