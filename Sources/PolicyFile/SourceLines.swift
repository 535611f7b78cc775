/// The lines of a policy file, as its diagnostics count them.
package struct SourceLines: Sendable {
    private let bytes: [UInt8]
    /// Where each line begins, and where it ends without its break.
    private let lines: [Range<Int>]
    /// Of long lines, where each ``step``th character begins: a place far behind is found without counting from the start.
    private let steps: [Int: [Int]]

    private static let step = 1024

    package init(_ source: PolicySource) {
        let bytes = source.text
        var lines: [Range<Int>] = []
        var start = 0
        var index = 0
        while index < bytes.count {
            let length = Self.breakLength(in: bytes, at: index)
            if length > 0 {
                lines.append(start..<index)
                start = index + length
            }
            index += max(1, length)
        }
        lines.append(start..<bytes.count)
        var steps: [Int: [Int]] = [:]
        for (number, line) in lines.enumerated() where line.count > 4 * Self.step {
            steps[number] = Self.steps(in: bytes, line)
        }
        self.bytes = bytes
        self.lines = lines
        self.steps = steps
    }

    private static func steps(in bytes: [UInt8], _ line: Range<Int>) -> [Int] {
        var steps: [Int] = []
        var count = 0
        for index in line where isStart(bytes[index]) || index == line.lowerBound {
            if count % step == 0 { steps.append(index) }
            count += 1
        }
        return steps
    }

    /// Whether a character begins with a byte: UTF-8's others are 10xxxxxx.
    private static func isStart(_ byte: UInt8) -> Bool { byte & 0xc0 != 0x80 }

    /// What YAML takes for the end of a line: LF, CR, both, NEL, LS and PS. 0 where there is none.
    private static func breakLength(in bytes: [UInt8], at index: Int) -> Int {
        let rest = bytes[index...].prefix(3)
        switch bytes[index] {
        case 0x0a: return 1
        case 0x0d: return rest.dropFirst().first == 0x0a ? 2 : 1
        case 0xc2: return rest.dropFirst().first == 0x85 ? 2 : 0
        case 0xe2: return rest.elementsEqual([0xe2, 0x80, 0xa8]) || rest.elementsEqual([0xe2, 0x80, 0xa9]) ? 3 : 0
        default: return 0
        }
    }

    /// The characters of a line from `first` on, counted from 0, `maximum` at most; nil where there is no such line. `isWhole`:
    /// there is nothing behind them.
    func characters(
        ofLine number: Int, from first: Int, atMost maximum: Int
    ) -> (characters: [Unicode.Scalar], isWhole: Bool)? {
        guard lines.indices.contains(number - 1) else { return nil }
        let line = bytes[lines[number - 1]]
        var start = line.startIndex
        var skipped = 0
        if let known = steps[number - 1], !known.isEmpty {
            let index = min(first / Self.step, known.count - 1)
            (start, skipped) = (known[index], index * Self.step)
        }
        while start < line.endIndex, skipped < first {
            start += 1
            while start < line.endIndex, !Self.isStart(line[start]) { start += 1 }
            skipped += 1
        }
        // Four bytes are the longest character.
        let part = line[start...].prefix(4 * maximum)
        let characters = String(decoding: part, as: UTF8.self).unicodeScalars
        let isWhole = part.endIndex == line.endIndex && characters.count <= maximum
        return (Array(characters.prefix(maximum)), isWhole)
    }
}
