/// Two texts line by line: what only one of them has, and what stands around it.
struct LineDifference {
    enum Line: Equatable {
        case same(String)
        case onlyExpected(String)
        case onlyActual(String)
        /// Lines that both have, and that are far from any difference.
        case left(Int)
    }

    let lines: [Line]

    /// Lines of both around a difference.
    private static let context = 2
    /// Longer texts are not compared: the time for it grows with lines times differences.
    private static let maximumLines = 5000

    /// No lines where either text is too long.
    init(expected: [String], actual: [String]) {
        guard expected.count <= Self.maximumLines, actual.count <= Self.maximumLines else {
            lines = []
            return
        }
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in actual.difference(from: expected) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var all: [Line] = []
        var (left, right) = (0, 0)
        while left < expected.count || right < actual.count {
            if left < expected.count, removed.contains(left) {
                all.append(.onlyExpected(expected[left]))
                left += 1
            } else if right < actual.count, inserted.contains(right) {
                all.append(.onlyActual(actual[right]))
                right += 1
            } else if left < expected.count {
                all.append(.same(expected[left]))
                left += 1
                right += 1
            } else {
                break
            }
        }
        lines = Self.shortened(all)
    }

    private static func shortened(_ all: [Line]) -> [Line] {
        var isNear = Array(repeating: false, count: all.count)
        for (index, line) in all.enumerated() {
            if case .same = line { continue }
            for near in max(0, index - context)...min(all.count - 1, index + context) { isNear[near] = true }
        }
        var result: [Line] = []
        var left = 0
        for (index, line) in all.enumerated() {
            if isNear[index] {
                if left > 0 { result.append(.left(left)) }
                left = 0
                result.append(line)
            } else {
                left += 1
            }
        }
        if left > 0 { result.append(.left(left)) }
        return result
    }
}
