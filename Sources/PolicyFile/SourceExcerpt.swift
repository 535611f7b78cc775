import PolicyModel

/// A line of a policy file with a mark under the place that a diagnostic is about, made for a terminal: nothing in it steers
/// one, and it is no wider than asked for.
package struct SourceExcerpt: Sendable, Hashable {
    /// Counted from 1.
    package let number: Int
    /// Tabs are spaces, and what has no shape is written out, as `\u{7}`.
    package let text: String
    /// Columns of the terminal before the mark.
    package let indentation: Int
    /// `^`, or `^~~~` where it is known how long the word is.
    package let mark: String

    /// nil where the file has no such line. `width`: columns of the terminal for the text.
    package init?(of diagnostic: Diagnostic, in lines: SourceLines, width: Int = 100) {
        let column = max(0, diagnostic.position.column - 1)
        // Each character is a column at least, but for those that are put onto others: no more of them could be shown.
        let first = max(0, column - width)
        guard
            let found = lines.characters(ofLine: diagnostic.position.line, from: first, atMost: 3 * width)
        else { return nil }
        var cells = Cells(found.characters, width: width)
        let place = min(column - first, found.characters.count)
        let end = diagnostic.endColumn.map { min($0 - 1 - first, found.characters.count) } ?? place + 1
        cells.cut(around: place, isCutBefore: first > 0, isCutBehind: !found.isWhole)
        number = diagnostic.position.line
        text = cells.text
        indentation = cells.column(of: place)
        let marked = cells.column(of: max(end, place + 1)) - indentation
        mark = "^" + String(repeating: "~", count: max(0, min(marked, width - indentation) - 1))
    }

    /// The text behind its number, and the mark below it.
    package var lines: [String] {
        let gutter = String(number)
        let empty = String(repeating: " ", count: gutter.count)
        return [
            "  \(gutter) | \(text)", "  \(empty) | \(String(repeating: " ", count: indentation))\(mark)",
        ]
    }
}

/// Characters of one line as a terminal shows them.
private struct Cells {
    /// What is shown of each character, and how many columns that takes.
    private var shown: [(text: String, width: Int)] = []
    private let width: Int
    private var kept: Range<Int>
    private var isCutBefore = false
    private var isCutBehind = false

    private static let tab = 4

    init(_ characters: [Unicode.Scalar], width: Int) {
        self.width = width
        var column = 0
        for character in characters {
            let cell = Self.cell(character, at: column)
            shown.append(cell)
            column += cell.width
        }
        kept = 0..<shown.count
    }

    private static func cell(_ scalar: Unicode.Scalar, at column: Int) -> (text: String, width: Int) {
        if scalar == "\t" {
            let count = tab - column % tab
            return (String(repeating: " ", count: count), count)
        }
        if let escape = scalar.terminalEscape { return (escape, escape.count) }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return (String(scalar), 0)
        default: return (String(scalar), isWide(scalar) ? 2 : 1)
        }
    }

    /// Unicode's East Asian Width, by blocks (UAX 11): a terminal gives these two columns.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff,
            0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x20000...0x3fffd:
            true
        default: scalar.properties.isEmojiPresentation
        }
    }

    /// Leaves what fits, with some of what stands before the character `place`, and says by `…` where something is left out.
    mutating func cut(around place: Int, isCutBefore: Bool, isCutBehind: Bool) {
        self.isCutBefore = isCutBefore
        self.isCutBehind = isCutBehind
        var first = 0
        var last = shown.count
        if isCutBefore || shown.reduce(0, { $0 + $1.width }) > width {
            var before = 0
            first = min(place, shown.count)
            while first > 0, before + shown[first - 1].width <= width * 2 / 5 {
                first -= 1
                before += shown[first].width
            }
            if first > 0 { self.isCutBefore = true }
        }
        // A column for each `…`.
        var room = width - (self.isCutBefore ? 1 : 0) - 1
        last = first
        while last < shown.count, shown[last].width <= room {
            room -= shown[last].width
            last += 1
        }
        if last == shown.count - 1, !isCutBehind, shown[last].width <= room + 1 { last += 1 }
        if last < shown.count { self.isCutBehind = true }
        kept = first..<last
    }

    var text: String {
        (isCutBefore ? "…" : "") + shown[kept].map(\.text).joined() + (isCutBehind ? "…" : "")
    }

    /// Where a character begins, counted from 0; that behind the last one where there is no such character.
    func column(of index: Int) -> Int {
        let end = min(max(index, kept.lowerBound), kept.upperBound)
        return (isCutBefore ? 1 : 0) + shown[kept.lowerBound..<end].reduce(0) { $0 + $1.width }
    }
}
