import ArgumentParser
import TokenStore
import Tokens

struct TokenRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke a token, or all tokens of a subject.",
        discussion: """
            A running gateway with the same state folder refuses them from then on, and closes the sockets that live on \
            them, within a second. Tokens that the subject is issued later are not touched. What was revoked or had \
            expired before is no error; an id or subject that nothing was issued for is one.

              portcullis token revoke --subject alice
            """)

    @Option(help: "The token's id (`jti`).")
    var id: String?

    @Option(help: "All that this subject was issued until now.")
    var subject: String?

    @Argument(help: "The token itself, or - to read it from standard input.")
    var token: String?

    @OptionGroup var state: StateOptions

    func validate() throws {
        guard [id, subject, token].count(where: { $0 != nil }) == 1 else {
            throw ValidationError("Give one of --id, --subject and a token.")
        }
    }

    func run() throws {
        let now = currentUnixSeconds()
        try telling {
            if let id {
                let outcome = try state.openStore().revoke(id: id, now: now)
                try tell(outcome, "token \(id)")
            } else if let subject {
                let outcome = try state.openStore().revoke(subject: subject, now: now)
                try tell(outcome, "every token of subject \(subject)")
            } else if let token {
                try revoke(try tokenArgument(token), now: now)
            }
        }
    }

    /// Only a token that this state folder's key has signed: anybody can write a token with another's id.
    private func revoke(_ token: String, now: Int64) throws {
        let store = try state.openStore()
        let authority = try TokenAuthority(store)
        let claims: TokenClaims
        do throws(TokenError) {
            claims = try authority.authenticate(token).claims
        } catch {
            throw Console.failure("nothing was revoked: the token was not issued from \(state.directory)")
        }
        try tell(try store.revoke(claims, now: now), "token \(claims.id) of subject \(claims.subject)")
    }

    private func tell(_ outcome: TokenStore.RevocationOutcome, _ what: String) throws {
        switch outcome {
        case .revoked(let tokens):
            print(
                subject == nil
                    ? "revoked \(what)" : "revoked \(what) (\(tokens) that \(tokens == 1 ? "was" : "were") valid)")
        case .alreadyRevoked: print("\(what) was revoked before")
        case .alreadyExpired: print("\(what) has expired: there is nothing to revoke")
        case .unknown:
            throw Console.failure("nothing was revoked: \(what) was never issued from \(state.directory)")
        }
    }
}
