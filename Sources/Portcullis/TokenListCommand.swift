import ArgumentParser
import Foundation
import TokenStore
import Tokens

struct TokenListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the tokens that were issued, the oldest first.",
        discussion: """
            Each with its id, claims and state, never the token itself: valid, not-yet-valid, exhausted (used as often as \
            it may be), revoked or expired. Expired tokens are listed for about a week. At a terminal the first 1000 \
            that fit are shown, anywhere else all of them, as they are read; --limit says another number.

              portcullis token list --status valid --json | jq -r '.[].id'
            """)

    /// How many a terminal gets that was not asked for another number.
    private static let terminalLimit = 1000

    @Option(help: "Only those of this subject.")
    var subject: String?

    @Option(
        help: ArgumentHelp(
            "Only those in this state.", valueName: "state"))
    var status: TokenRecord.State?

    @Option(help: "Only those for this audience.")
    var audience: String?

    @Option(help: "Only those with this scope.")
    var scope: String?

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit: Int?

    @Flag(help: "Print a JSON array.")
    var json = false

    @OptionGroup var state: StateOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1.") }
    }

    func run() throws {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let implied = limit == nil && isTerminal ? Self.terminalLimit : nil
        // One more than is shown tells that there is more.
        let filter = TokenFilter(
            subject: subject, state: status, audience: audience, scope: scope, limit: implied.map { $0 + 1 } ?? limit)
        var listing = TokenListing(json: json, isWatched: !isTerminal && Console.isErrorTerminal)
        var isCut = false
        try telling {
            try state.openStore().forEachToken(filter, now: currentUnixSeconds()) { token, state in
                guard listing.count < implied ?? .max else {
                    isCut = true
                    return
                }
                listing.add(token, state)
            }
        }
        listing.end()
        if listing.count == 0, !json { Console.note("no tokens") }
        if isCut { Console.note("these are the first \(Self.terminalLimit): --limit shows more, and filters fewer") }
    }
}

extension TokenRecord.State: ExpressibleByArgument {}
