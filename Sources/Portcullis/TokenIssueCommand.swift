import ArgumentParser
import Engine
import TokenStore
import Tokens

struct TokenIssueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue",
        abstract: "Make a signed token for a client.",
        discussion: """
            The token is printed once, alone on standard output, and is not kept: only its id and what it is good for \
            are. The signing key is made at first use.

              TOKEN=$(portcullis token issue --subject alice --audience chat --ttl 8h)
              portcullis token issue --subject guest --uses 1 --from-address 192.0.2.0/24 --claim room=7
            """)

    @Option(help: "Whom the token is for (`sub`).")
    var subject: String

    @Option(help: "A service that it is for (`aud`). Repeatable.")
    var audience: [String] = []

    @Option(help: "Something that it allows (`scope`). Repeatable.")
    var scope: [String] = []

    @Option(help: ArgumentHelp("How long it is good for: 30s, 5m, 24h, 7d.", valueName: "duration"))
    var ttl = "24h"

    @Option(
        help: ArgumentHelp(
            "Good only from then on: a duration from now, or RFC 3339 such as 2030-01-31T08:00:00Z. --ttl counts from there.",
            valueName: "time"))
    var notBefore: String?

    @Option(
        help: ArgumentHelp(
            "A claim of your own, for `${token.claims.NAME}` and the server behind. VALUE is JSON where it can be read as that, else text. Repeatable.",
            valueName: "name=value"))
    var claim: [String] = []

    @Option(help: ArgumentHelp("How many connections it is good for in all.", valueName: "n"))
    var uses: Int64?

    @Option(
        help: ArgumentHelp("A network that it is good from, such as 192.0.2.0/24. Repeatable.", valueName: "cidr"))
    var fromAddress: [String] = []

    @Flag(help: "Print the token with its id and times as JSON.")
    var json = false

    @OptionGroup var state: StateOptions

    func validate() throws {
        _ = try TokenRequest(self, now: currentUnixSeconds())
    }

    func run() throws {
        let now = currentUnixSeconds()
        let request = try TokenRequest(self, now: now)
        let (token, claims) = try telling {
            let store = try state.openStore(createIfMissing: true)
            return try issue(request, from: store, now: now)
        }
        do {
            if json {
                try Console.answer(json: ClaimValue.object(claims.members(token: token)))
            } else {
                try Console.answer(token)
            }
        } catch {
            // It was put on record before it was printed.
            Console.note("a token was issued all the same, and is valid: its id is \(claims.id)")
            Self.noteRevocation(of: claims)
            throw error
        }
        if !json, Console.isErrorTerminal {
            Console.note("expires \(Timestamp.rfc3339(claims.expiresAt)); shown only now, so keep it")
            Self.noteRevocation(of: claims)
        }
    }

    private static func noteRevocation(of claims: TokenClaims) {
        Console.note("to revoke it: portcullis token revoke --id \(claims.id)")
    }

    private func issue(
        _ request: TokenRequest, from store: TokenStore, now: Int64
    ) throws -> (token: String, claims: TokenClaims) {
        do {
            return try request.issue(from: store, now: now)
        } catch TokenError.malformed {
            throw Console.failure(
                "the token would be longer than \(JWS.maximumBytes) bytes: give it fewer audiences, scopes and claims")
        }
    }
}
