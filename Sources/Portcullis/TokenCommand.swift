import ArgumentParser

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Issue, list, inspect and revoke the tokens that clients carry.",
        discussion: """
            Tokens are signed JWTs (Ed25519). They and their keys belong to a state folder, which a running gateway reads \
            too: a revocation reaches it, and the sockets that live on the token, within a second.
            """,
        subcommands: [
            TokenIssueCommand.self, TokenListCommand.self, TokenInspectCommand.self, TokenRevokeCommand.self,
        ])
}
