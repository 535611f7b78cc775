import Inspection
import PolicyModel
import WebSocketProtocol

/// What can be said of rules before a message is read: which of them may hold for messages of one kind on one connection, and
/// for which sizes. A message that none of them can hold for is not read.
struct RuleReach: Sendable {
    /// By the place in the direction's rules.
    private(set) var rules = TestBits()
    /// No rule holds for a message with fewer bytes, or with as many as its end or more.
    private(set) var sizes = 0..<0

    /// Whether no rule can hold, whatever the message.
    var isEmpty: Bool { sizes.isEmpty }

    /// Rules that no message can tell apart from ones that never hold are left out.
    init(_ conditions: [RuleCondition], opcode: Opcode, connection: TestBits) {
        rules.reset(count: conditions.count)
        for (index, condition) in conditions.enumerated() {
            let reach = Self.reach(condition.nodes, at: 0, opcode, connection)
            guard !reach.possible.isEmpty else { continue }
            rules.insert(index)
            sizes = isEmpty ? reach.possible : Self.hull(sizes, reach.possible)
        }
    }

    /// For which sizes a condition may hold, and whether it does for every message of such a size.
    private struct Reach {
        var possible: Range<Int>
        var isCertain: Bool

        static let always = Reach(possible: 0..<Int.max, isCertain: true)
        static let never = Reach(possible: 0..<0, isCertain: true)
        static let unknown = Reach(possible: 0..<Int.max, isCertain: false)
    }

    private static func reach(
        _ nodes: [RuleCondition.Node], at index: Int, _ opcode: Opcode, _ connection: TestBits
    ) -> Reach {
        switch nodes[index] {
        case .all(let end):
            var result = Reach.always
            for child in children(nodes, from: index + 1, to: end) {
                let reach = reach(nodes, at: child, opcode, connection)
                result.possible = result.possible.clamped(to: reach.possible)
                result.isCertain = result.isCertain && reach.isCertain
            }
            return result.possible.isEmpty ? .never : result
        case .any(let end):
            var result = Reach.never
            for child in children(nodes, from: index + 1, to: end) {
                let reach = reach(nodes, at: child, opcode, connection)
                guard !reach.possible.isEmpty else { continue }
                // A hull of two may hold sizes that neither has.
                let isSame = result.possible.isEmpty || result.possible == reach.possible
                result.isCertain = isSame && result.isCertain && reach.isCertain
                result.possible = result.possible.isEmpty ? reach.possible : hull(result.possible, reach.possible)
            }
            return result
        case .not:
            let reach = reach(nodes, at: index + 1, opcode, connection)
            if reach.possible.isEmpty { return .always }
            return reach.isCertain && reach.possible == Reach.always.possible ? .never : .unknown
        case .constant(let value): return value ? .always : .never
        case .opcode(let wanted): return wanted == opcode ? .always : .never
        case .size(let range): return Reach(possible: range, isCertain: true)
        case .text: return opcode == .text ? .unknown : .never
        case .prefix, .notUTF8: return opcode == .binary ? .unknown : .never
        case .connection(let number): return connection[number] ? .always : .never
        case .json, .notJSON: return .unknown
        }
    }

    private static func children(_ nodes: [RuleCondition.Node], from start: Int, to end: Int) -> [Int] {
        var children: [Int] = []
        var index = start
        while index < end {
            children.append(index)
            index = RuleCondition.end(of: index, nodes)
        }
        return children
    }

    private static func hull(_ left: Range<Int>, _ right: Range<Int>) -> Range<Int> {
        min(left.lowerBound, right.lowerBound)..<max(left.upperBound, right.upperBound)
    }
}
