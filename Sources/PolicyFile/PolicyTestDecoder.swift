import PolicyModel

/// What a test file may say beside what every one may.
package struct PolicyTestWords: Sendable {
    /// Reasons that the program's own middlewares refuse for.
    package var reasons: [String]
    /// Unix seconds of a text of RFC 3339; nil for anything else.
    package var unixSeconds: @Sendable (String) -> Int64?

    package init(reasons: [String] = [], unixSeconds: @escaping @Sendable (String) -> Int64?) {
        self.reasons = reasons
        self.unixSeconds = unixSeconds
    }
}

/// How much the messages of a file may still hold, since `times` makes much out of little.
final class PolicyTestBudget {
    static let maximumBytes = 16 * 1024 * 1024
    private var left = maximumBytes

    /// False where it is not enough.
    func take(_ count: Int, times: Int) -> Bool {
        let (product, isTooLong) = count.multipliedReportingOverflow(by: times)
        guard !isTooLong, product <= left else { return false }
        left -= product
        return true
    }
}

/// Turns a document into a ``PolicyTestFile``. The parts of a file have extensions of this, a file each; what is wrong is noted
/// with a ``PolicyDecoder``, whose words and quantities are those of policies.
struct PolicyTestDecoder {
    let decoder: PolicyDecoder
    let words: PolicyTestWords
    let budget = PolicyTestBudget()

    /// The most of any one case; so many handshakes or messages take less than seconds.
    static let maximumRepetitions = 100_000

    func file(_ document: YAMLNode) -> PolicyTestFile? {
        guard
            let fields = decoder.fields(document, inTests: "a test file", keys: ["policies", "defaults", "tests"])
        else { return nil }
        var file = PolicyTestFile(policies: fields.decoded("policies") { decoder.text($0, "policies") })
        var defaults = TestHandshake()
        if let node = fields["defaults"] {
            defaults = decoder.checked(node) { handshake($0, of: "`defaults`", over: defaults) } ?? defaults
        }
        guard let node = fields.required("tests", example: "[{ name: …, expect: admitted }]"),
            let nodes = decoder.list(node, "tests")
        else { return nil }
        if nodes.isEmpty { decoder.refuse(node.position, "`tests` is empty, so nothing would be tested") }
        file.cases = decoder.each(nodes) { testCase($0, defaults) }
        checkNames(file.cases)
        return file
    }

    private func testCase(_ node: YAMLNode, _ defaults: TestHandshake) -> PolicyTestCase? {
        guard
            let fields = decoder.fields(node, inTests: "a test", keys: ["name", "handshake", "expect", "messages"])
        else { return nil }
        let name = fields.required("name", example: "a page of ours is admitted") { caseName($0) }
        var asked: TestHandshake? = defaults
        if let node = fields["handshake"] {
            asked = decoder.checked(node) { handshake($0, of: "`handshake`", over: defaults) }
        }
        if let asked { checkIsWhole(asked, at: fields) }
        let messages = decoder.each(fields.list("messages") ?? [], message)
        var expectation = fields["expect"].map { node in decoder.checked(node, handshakeExpectation) }
        if fields["expect"] == nil {
            // Messages are of an admitted connection, so that need not be said.
            if fields["messages"] == nil { _ = fields.required("expect", example: "admitted") }
            expectation = HandshakeExpectation(.admitted, position: node.position)
        }
        if case .refused? = expectation??.decision, fields["messages"] != nil {
            decoder.refuse(
                fields.keyPosition("messages"), "a handshake that is refused has no messages; expect `admitted`")
        }
        guard let name, let asked, let expectation = expectation ?? nil else { return nil }
        return PolicyTestCase(
            name: name, handshake: asked, expectation: expectation, messages: messages,
            position: fields["name"]?.position ?? node.position)
    }

    private func caseName(_ node: YAMLNode) -> String? {
        guard let name = decoder.text(node, "name") else { return nil }
        let isPlain = name.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
            default: true
            }
        }
        guard isPlain, name.utf8.count <= 200 else {
            decoder.refuse(
                node.position, "a test's `name` is one line of at most 200 bytes, without control characters")
            return nil
        }
        return name
    }

    private func checkIsWhole(_ handshake: TestHandshake, at fields: Fields) {
        guard handshake.host == nil || handshake.target == nil else { return }
        let place = fields["handshake"] == nil ? fields.position : fields.keyPosition("handshake")
        decoder.refuse(
            place,
            "the handshake needs a `url`, such as `url: wss://chat.example.com/chat`; where most tests share one, write it under `defaults`"
        )
    }

    /// A name that stands twice could not be told apart in a report.
    private func checkNames(_ cases: [PolicyTestCase]) {
        var first: [String: SourcePosition] = [:]
        for test in cases {
            if let place = first[test.name] {
                decoder.refuse(
                    test.position,
                    "a second test \(quoted(test.name)), the first one in line \(place.line); give one of them another name"
                )
            } else {
                first[test.name] = test.position
            }
        }
    }
}
