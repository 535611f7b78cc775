import ArgumentParser
import TokenStore
import Tokens

struct KeyListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the keys, the oldest first.",
        discussion: """
            signing: new tokens are signed with it. verifying: it signs no more, and its last token ends at that time. \
            ended: its tokens have all ended. retired: its tokens are revoked. Ended and retired keys are listed for \
            another 30 days.
            """)

    @Flag(help: "Print a JSON array.")
    var json = false

    @OptionGroup var state: StateOptions

    func run() throws {
        let keys = try telling { try state.openStore().publicKeys(now: currentUnixSeconds()) }
        let entries = keys.map(Entry.init)
        if json {
            try Console.answer(json: entries)
        } else if entries.isEmpty {
            Console.note("no keys: `portcullis token issue` makes one")
        } else {
            var table = TextTable(["ID", "ALGORITHM", "CREATED", "STATE"])
            for entry in entries {
                let until = entry.verifiesUntil.map { " until \($0)" } ?? ""
                table.add([entry.id, entry.algorithm, entry.createdAt, entry.state + until])
            }
            try Console.answer(lines: table.lines)
        }
    }

    private struct Entry: Encodable {
        let id: String
        let algorithm: String
        let createdAt: String
        let state: String
        let verifiesUntil: String?

        init(_ key: StoredPublicKey) {
            id = key.id
            algorithm = key.algorithm.rawValue
            createdAt = Timestamp.rfc3339(key.createdAt)
            (state, verifiesUntil) =
                switch key.state {
                case .signing: ("signing", nil)
                case .verifying(let until): ("verifying", Timestamp.rfc3339(until))
                case .retired: ("retired", nil)
                case .ended: ("ended", nil)
                }
        }
    }
}
