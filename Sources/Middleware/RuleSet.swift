import Inspection
import PolicyModel
import WebSocketProtocol

/// A route's rules for messages of one side, compiled once for all of its connections.
final class RuleSet: Sendable {
    struct Entry: Sendable {
        let name: String
        /// By its place in the route's `messages`.
        let number: Int
        let isShadow: Bool
        let action: RuleAction
    }

    let entries: [Entry]
    let conditions: [RuleCondition]
    let patterns: PatternSet?
    let probe: JSONProbe?
    let prefixes: [[UInt8]]
    private let connection: [ConnectionTest]
    /// Rules that no single test decides.
    private let untriggered: TestBits
    /// By the number of a text test: the rules that cannot hold where it does not.
    private let byText: [TestBits]
    private let byJSON: [TestBits]
    private let needsText: TestBits
    private let needsJSON: TestBits
    /// The number of the JSON test by which a fresh token is found.
    let renewal: Int?
    /// Whether anything in it asks whose connection it is, beside what is settled when that opens.
    let usesFacts: Bool
    let logsPayloads: Bool
    /// Whether a rule wants messages as documents, so that all others are answered by those.
    let readsDocuments: Bool
    /// Where nothing depends on the connection: for all of them.
    private let commonReach: (text: RuleReach, binary: RuleReach)?
    /// One of its tests could not be compiled, so that no message passes.
    let isBroken: Bool

    /// `filters` by the place of the rule that names one.
    init(
        _ rules: [MessageRule], from sender: MessageSender, filters: [Int: any MessageFilter] = [:],
        renewal pointer: JSONPointer? = nil
    ) {
        var tests = RuleTests()
        var entries: [Entry] = []
        var conditions: [RuleCondition] = []
        var isBroken = false
        var limits = 0
        for (number, rule) in rules.enumerated() where rule.from.includes(sender) {
            var bucket: Int?
            if case .limit = rule.action {
                bucket = limits
                limits += 1
            }
            do throws(PatternError) {
                conditions.append(try RuleCondition(rule.condition, from: sender, among: &tests))
            } catch {
                // One that changes nothing does not end connections either.
                isBroken = isBroken || rule.mode != .shadow
                continue
            }
            entries.append(
                Entry(
                    name: rule.name, number: number, isShadow: rule.mode == .shadow,
                    action: RuleAction(
                        rule.action, pattern: rule.condition.onlyPattern, filter: filters[number], bucket: bucket)))
        }
        renewal = pointer.map { tests.append(JSONPointerTest(pointer: $0.tokens, predicate: .type(.string))) }
        patterns = tests.patterns.isEmpty ? nil : try? PatternSet(tests.patterns)
        probe = tests.json.isEmpty ? nil : JSONProbe(tests.json)
        prefixes = tests.prefixes
        connection = tests.connection
        self.isBroken =
            isBroken || (patterns == nil) != tests.patterns.isEmpty || (probe == nil) != tests.json.isEmpty
        self.entries = entries
        self.conditions = conditions
        usesFacts = entries.contains { $0.action.usesFacts }
        logsPayloads = entries.contains { if case .log(payload: true) = $0.action { true } else { false } }
        readsDocuments =
            conditions.contains { $0.nodes.contains(.notJSON) }
            || entries.contains { if case .schema = $0.action { true } else { false } }
        let index = TriggerIndex(conditions, texts: tests.patterns.count, jsons: tests.json.count)
        (untriggered, byText, byJSON) = (index.untriggered, index.byText, index.byJSON)
        (needsText, needsJSON) = (index.needsText, index.needsJSON)
        commonReach =
            tests.connection.isEmpty
            ? (
                RuleReach(conditions, opcode: .text, connection: TestBits()),
                RuleReach(conditions, opcode: .binary, connection: TestBits())
            ) : nil
    }

    /// Which rules may hold for messages of one connection.
    func reach(for facts: ConnectionFacts) -> (text: RuleReach, binary: RuleReach, connection: TestBits) {
        var bits = TestBits()
        if let commonReach { return (commonReach.text, commonReach.binary, bits) }
        bits.reset(count: connection.count)
        for (number, test) in connection.enumerated() where test.holds(for: facts) { bits.insert(number) }
        return (
            RuleReach(conditions, opcode: .text, connection: bits),
            RuleReach(conditions, opcode: .binary, connection: bits), bits
        )
    }

    /// Leaves in `candidates` the rules of `reach` that may hold for a payload, behind the first `start`. Reads the payload as
    /// far as they need it.
    func findCandidates(
        _ reach: RuleReach, from start: Int, payload: Span<UInt8>, _ scratch: inout FilterScratch
    ) {
        scratch.candidates.assign(untriggered, within: reach.rules)
        if needsText.intersects(reach.rules) {
            readText(payload, &scratch)
            scratch.reading.text.forEachSet { scratch.candidates.formUnion(byText[$0], within: reach.rules) }
        }
        if needsJSON.intersects(reach.rules) {
            readJSON(payload, &scratch)
            scratch.reading.json.forEachSet { scratch.candidates.formUnion(byJSON[$0], within: reach.rules) }
        }
        scratch.candidates.removeAll(below: start)
    }

    func readText(_ payload: Span<UInt8>, _ scratch: inout FilterScratch) {
        guard !scratch.reading.hasText, let patterns else { return }
        scratch.reading.hasText = true
        if patterns.match(payload, into: &scratch.reading.text) == .failed { scratch.reading.hasFailed = true }
    }

    func readJSON(_ payload: Span<UInt8>, _ scratch: inout FilterScratch) {
        guard !scratch.reading.hasJSON, let probe else { return }
        scratch.reading.hasJSON = true
        // What is no document is read once more, as leniently as anybody might.
        let document = readsDocuments ? scratch.readDocument(payload) : .notJSON
        let outcome =
            switch document {
            case .json: scratch.scanDocument(probe)
            case .notJSON: scratch.json.scan(probe, in: payload, into: &scratch.reading.json)
            case .failed: ScanOutcome.failed
            }
        if outcome == .failed { scratch.reading.hasFailed = true }
    }
}

/// Which rules a test that holds makes worth asking: the others need not be looked at, however many they are.
private struct TriggerIndex {
    var untriggered = TestBits()
    var byText: [TestBits]
    var byJSON: [TestBits]
    /// Rules with a trigger of that kind.
    var needsText = TestBits()
    var needsJSON = TestBits()

    init(_ conditions: [RuleCondition], texts: Int, jsons: Int) {
        let count = conditions.count
        var empty = TestBits()
        empty.reset(count: count)
        (untriggered, needsText, needsJSON) = (empty, empty, empty)
        byText = Array(repeating: empty, count: texts)
        byJSON = Array(repeating: empty, count: jsons)
        for (index, condition) in conditions.enumerated() {
            switch condition.trigger {
            case nil: untriggered.insert(index)
            case .text(let number):
                byText[number].insert(index)
                needsText.insert(index)
            case .json(let number):
                byJSON[number].insert(index)
                needsJSON.insert(index)
            }
        }
    }
}

extension PatternSet {
    fileprivate convenience init(_ patterns: [TextPattern]) throws(PatternError) {
        try self.init(patterns.map { $0.isLiteral ? .literal($0.expression) : .expression($0.expression) })
    }
}

extension MessageCondition {
    /// The one pattern that has matched wherever the condition holds; nil where there is none, or more than one.
    var onlyPattern: TextPattern? {
        let patterns = certainPatterns
        return patterns.count == 1 ? patterns[0] : nil
    }

    private var certainPatterns: [TextPattern] {
        switch self {
        case .text(let pattern): [pattern]
        case .all(let inner): inner.flatMap(\.certainPatterns)
        case .any(let inner) where inner.count == 1: inner[0].certainPatterns
        default: []
        }
    }
}
