import Inspection
import PolicyModel
import WebSocketProtocol

/// A rule's condition, compiled: its tree written down in the order in which it is asked. What needs a whole message is a
/// number of one of its direction's tests, all of which are answered in one pass.
struct RuleCondition: Sendable {
    enum Node: Sendable, Hashable {
        /// All nodes until `end` hold.
        case all(end: Int)
        case any(end: Int)
        /// The next node does not hold.
        case not
        case constant(Bool)
        case opcode(Opcode)
        /// Payload bytes.
        case size(Range<Int>)
        /// A text message in which that pattern matches.
        case text(Int)
        case json(Int)
        case prefix(Int)
        case connection(Int)
        case notJSON
        case notUTF8
    }

    let nodes: [Node]
    /// Without this test's holding the condition cannot hold; nil where no single one is known.
    let trigger: Trigger?

    enum Trigger: Sendable, Hashable {
        case text(Int)
        case json(Int)
    }

    /// Numbers the tests that it needs among those of `tests`.
    init(_ condition: MessageCondition, from sender: MessageSender, among tests: inout RuleTests) throws(PatternError) {
        var writer = ConditionWriter(sender: sender)
        try writer.write(condition, &tests)
        nodes = writer.nodes
        trigger = Self.trigger(nodes)
    }

    /// A text test, since those are cheaper, or a JSON test that must hold: the condition itself, or one of those that all must.
    private static func trigger(_ nodes: [Node]) -> Trigger? {
        var found: Trigger?
        var index = 0
        while index < nodes.count {
            switch nodes[index] {
            case .all: index += 1
            case .any(let end): index = end
            case .not: index = Self.end(of: index, nodes)
            case .text(let number): return .text(number)
            case .json(let number):
                found = found ?? .json(number)
                index += 1
            default: index += 1
            }
        }
        return found
    }

    /// Behind the node at `index` and all that belongs to it.
    static func end(of index: Int, _ nodes: [Node]) -> Int {
        switch nodes[index] {
        case .all(let end), .any(let end): end
        case .not: Self.end(of: index + 1, nodes)
        default: index + 1
        }
    }
}

private struct ConditionWriter {
    let sender: MessageSender
    private(set) var nodes: [RuleCondition.Node] = []

    init(sender: MessageSender) {
        self.sender = sender
    }

    mutating func write(_ condition: MessageCondition, _ tests: inout RuleTests) throws(PatternError) {
        switch condition {
        case .all(let inner): try write(inner, &tests) { .all(end: $0) }
        case .any(let inner): try write(inner, &tests) { .any(end: $0) }
        case .not(let inner):
            nodes.append(.not)
            try write(inner, &tests)
        case .sender(let source): nodes.append(.constant(source.includes(sender)))
        case .opcode(let opcode): nodes.append(.opcode(opcode == .text ? .text : .binary))
        case .size(let over, let under):
            let lower = over.map { $0 == .max ? .max : max(0, $0 + 1) } ?? 0
            nodes.append(.size(lower..<max(lower, under ?? .max)))
        case .text(let pattern): nodes.append(.text(tests.number(of: pattern)))
        case .json(let pointer, let demand): nodes.append(.json(try tests.number(of: pointer, demand)))
        case .binaryPrefix(let prefix): nodes.append(.prefix(tests.number(of: prefix)))
        case .notJSON: nodes.append(.notJSON)
        case .notUTF8: nodes.append(.notUTF8)
        case .connection(let condition): nodes.append(.connection(try tests.number(of: condition)))
        }
    }

    private mutating func write(
        _ inner: [MessageCondition], _ tests: inout RuleTests, _ node: (Int) -> RuleCondition.Node
    ) throws(PatternError) {
        let place = nodes.count
        nodes.append(node(0))
        for condition in inner { try write(condition, &tests) }
        nodes[place] = node(nodes.count)
    }
}

extension MessageRule.Source {
    func includes(_ sender: MessageSender) -> Bool {
        switch self {
        case .client: sender == .client
        case .upstream: sender == .upstream
        case .both: true
        }
    }
}
