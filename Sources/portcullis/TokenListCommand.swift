import ArgumentParser
import TokenStore
import Tokens

struct TokenListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the tokens that were issued, the oldest first.",
        discussion: """
            Each with its id, claims and state (valid, expired or revoked), never the token itself.

              portcullis token list --json | jq '.[] | select(.state == "valid") | .id'
            """)

    @Flag(help: "Print a JSON array.")
    var json = false

    @OptionGroup var state: StateOptions

    func run() throws {
        let now = currentUnixSeconds()
        let (tokens, revocations) = try telling {
            let store = try state.openStore()
            return (try store.tokens(), RevocationSet(try store.changes(since: 0).revocations))
        }
        let entries = tokens.map { Entry($0, $0.state(at: now, revocations)) }
        if json {
            try Console.answer(json: entries)
        } else if entries.isEmpty {
            Console.note("no tokens")
        } else {
            var table = TextTable(["ID", "SUBJECT", "AUDIENCES", "SCOPES", "ISSUED", "EXPIRES", "STATE"])
            for entry in entries { table.add(entry.cells) }
            for line in table.lines { print(line) }
        }
    }

    private struct Entry: Encodable {
        let id: String
        let subject: String
        let audiences: [String]
        let scopes: [String]
        let issuedAt: String
        let expiresAt: String
        let state: String

        init(_ token: TokenRecord, _ state: TokenRecord.State) {
            id = token.id
            subject = token.subject
            audiences = token.audiences
            scopes = token.scopes
            issuedAt = Timestamp.rfc3339(token.issuedAt)
            expiresAt = Timestamp.rfc3339(token.expiresAt)
            self.state = state.rawValue
        }

        var cells: [String] {
            let lists = [audiences, scopes].map { $0.isEmpty ? "-" : $0.joined(separator: ",") }
            return [id, subject, lists[0], lists[1], issuedAt, expiresAt, state]
        }
    }
}
