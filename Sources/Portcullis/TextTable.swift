/// Columns of text, each as wide as its widest cell.
struct TextTable {
    private var rows: [[String]]

    init(_ header: [String]) {
        rows = [header]
    }

    mutating func add(_ row: [String]) {
        rows.append(row)
    }

    /// Of each column, in characters.
    var widths: [Int] {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        return widths
    }

    var lines: [String] {
        let widths = widths
        return rows.map { Self.line($0, widths) }
    }

    /// A row of columns as wide as these; a cell that is wider pushes those behind it aside.
    static func line(_ row: [String], _ widths: [Int]) -> String {
        var line = ""
        for (column, cell) in row.enumerated() {
            let isLast = column == row.count - 1
            line += isLast ? cell : cell + String(repeating: " ", count: max(0, widths[column] - cell.count) + 2)
        }
        return line
    }
}
