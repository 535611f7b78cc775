import ArgumentParser
import Engine
import TokenStore
import Tokens

struct TokenRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke a token, or many at once.",
        discussion: """
            A running gateway with the same state folder refuses them from then on, and closes the sockets that live on \
            them, within a second. Tokens that are issued later are not touched. What was revoked or had expired before \
            is no error; an id or subject that nothing was issued for is one, unless --foreign says that another issuer \
            has.

              portcullis token revoke --subject alice
            """)

    @Option(help: "The token's id (`jti`).")
    var id: String?

    @Option(help: "All that this subject was issued until now.")
    var subject: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("All tokens of the key with this id: the same as `key retire`.", valueName: "kid"))
    var key: String?

    @Flag(help: "Everything that was issued until now, by any issuer.")
    var all = false

    @Flag(help: "With --id or --subject: the token is another issuer's, of which there is no record here.")
    var foreign = false

    @Option(
        help: ArgumentHelp(
            "With --foreign: how long its tokens can live, and the revocation is kept (default: 30d).",
            valueName: "duration"))
    var keep: String?

    @Argument(help: "The token itself, or - to read it from standard input.")
    var token: String?

    @OptionGroup var state: StateOptions

    func validate() throws {
        guard [id, subject, key, token].count(where: { $0 != nil }) + (all ? 1 : 0) == 1 else {
            throw ValidationError("Give one of --id, --subject, --key, --all and a token.")
        }
        guard !foreign || id != nil || subject != nil else {
            throw ValidationError("--foreign goes with --id or --subject.")
        }
        guard id?.isEmpty != true, subject?.isEmpty != true else {
            throw ValidationError("--id and --subject must not be empty.")
        }
        guard foreign || keep == nil else { throw ValidationError("--keep goes with --foreign.") }
        if let keep, Lifetime(keep) == nil {
            throw ValidationError("--keep must be a whole number and s, m, h or d, up to 3650d: '\(keep)'.")
        }
    }

    func run() throws {
        let now = currentUnixSeconds()
        try telling {
            if foreign {
                try revokeForeign(now: now)
            } else if let id {
                try revoke(.id(id), now: now)
            } else if let subject {
                try revoke(.subject(subject), now: now)
            } else if let key {
                try KeyRetireCommand.retire(key, in: state, json: false)
            } else if all {
                try revoke(.all, now: now)
            } else if let token {
                try revoke(.token(try tokenArgument(token)), now: now)
            }
        }
    }

    /// Makes the store where there is none: a gateway of other issuers' tokens may never have issued one.
    private func revokeForeign(now: Int64) throws {
        let store = try state.openStore(createIfMissing: true)
        let keepUntil = now + (Lifetime(keep ?? "30d")?.seconds ?? 0)
        var what = ""
        if let id {
            try store.revokeForeign(id: id, keepUntil: keepUntil, now: now)
            what = "token \(id)"
        } else if let subject {
            try store.revokeForeign(subject: subject, keepUntil: keepUntil, now: now)
            what = "every token of subject \(subject)"
        }
        try Console.answer("revoked \(what), of any issuer; kept until \(Timestamp.rfc3339(keepUntil))")
    }

    private func revoke(_ request: RevocationRequest, now: Int64) throws {
        do {
            let (outcome, what) = try request.perform(in: try state.openStore(), now: now)
            try tell(outcome, what, request)
        } catch is RevocationRequest.NotIssuedHere {
            throw Console.failure("nothing was revoked: the token was not issued from \(state.directory)")
        }
    }

    private func tell(
        _ outcome: TokenStore.RevocationOutcome, _ what: String, _ request: RevocationRequest
    ) throws {
        switch outcome {
        case .revoked(let tokens):
            let count = subject == nil ? nil : tokens.map { " (\($0) that \($0 == 1 ? "was" : "were") valid)" }
            try Console.answer("revoked \(what)" + (count ?? ""))
        case .alreadyRevoked: try Console.answer("\(what) was revoked before")
        case .alreadyExpired: try Console.answer("\(what) has expired; sockets that it still holds are closed")
        case .unknown:
            let reason = request.unknown(what, from: "this state folder (\(state.directory))")
            throw Console.failure("\(reason); --foreign revokes what another issuer has issued")
        }
    }
}
