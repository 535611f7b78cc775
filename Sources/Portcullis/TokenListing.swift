import Engine
import TokenStore
import Tokens

/// Tokens on their way to standard output, as a table or as JSON, however many there are: what is in memory is bounded.
struct TokenListing {
    /// Rows from which the columns' widths are taken; a later cell that is wider pushes the next ones aside.
    private static let measuredRows = 1000

    /// Bytes that are written at once.
    private static let portion = 64 * 1024

    /// Tokens between two signs of life.
    private static let progressInterval = 100_000

    private(set) var count = 0
    private let json: Bool
    private let isWatched: Bool
    private var table = TextTable(["ID", "SUBJECT", "AUDIENCES", "SCOPES", "ISSUED", "EXPIRES", "USES", "STATE"])
    private var widths: [Int]?
    private var pending: [UInt8] = []

    /// - Parameter isWatched: somebody waits at a terminal for an answer that goes elsewhere, and is told how far it is.
    init(json: Bool, isWatched: Bool) {
        self.json = json
        self.isWatched = isWatched
    }

    mutating func add(_ token: TokenRecord, _ state: TokenRecord.State) {
        if json {
            write(count == 0 ? "[\n  " : ",\n  ")
            pending += JSON.encode(.object(token.members(state)))
        } else if let widths {
            write(TextTable.line(Self.cells(token, state), widths) + "\n")
        } else {
            table.add(Self.cells(token, state))
            if count + 1 == Self.measuredRows { writeTable() }
        }
        count += 1
        if isWatched, count % Self.progressInterval == 0 { Console.note("\(count) tokens") }
        if pending.count >= Self.portion { flush() }
    }

    /// Writes what is left. To be called once, at the end.
    mutating func end() {
        if json {
            write(count == 0 ? "[]\n" : "\n]\n")
        } else if widths == nil, count > 0 {
            writeTable()
        }
        flush()
    }

    private mutating func writeTable() {
        widths = table.widths
        for line in table.lines { write(line + "\n") }
        table = TextTable([])
    }

    private mutating func write(_ text: String) {
        pending += Array(text.utf8)
    }

    private mutating func flush() {
        Console.writeOrEnd(answer: pending)
        pending.removeAll(keepingCapacity: true)
    }

    private static func cells(_ token: TokenRecord, _ state: TokenRecord.State) -> [String] {
        let lists = [token.audiences, token.scopes].map { $0.isEmpty ? "-" : $0.joined(separator: ",") }
        return [
            token.id, token.subject, lists[0], lists[1], Timestamp.rfc3339(token.issuedAt),
            Timestamp.rfc3339(token.expiresAt), token.usesLimit.map { "\(token.uses)/\($0)" } ?? "-", state.rawValue,
        ]
    }
}
