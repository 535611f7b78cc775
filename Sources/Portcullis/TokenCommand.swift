import ArgumentParser
import Foundation
import TokenStore
import Tokens

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

/// `--state`, for every command that touches tokens.
struct StateOptions: ParsableArguments {
    @Option(
        name: .customLong("state"), help: ArgumentHelp("The folder of keys, tokens and revocations.", valueName: "dir"))
    var directory = "state"

    /// The store in the folder; errors are told to the person.
    func openStore(createIfMissing: Bool = false) throws -> TokenStore {
        try telling { try TokenStore(stateDirectory: directory, createIfMissing: createIfMissing) }
    }
}

/// Unix seconds now.
func currentUnixSeconds() -> Int64 {
    Int64(Date().timeIntervalSince1970)
}

/// Runs `body`; what it throws is told on standard error in one line, and ends the command with exit code 1.
func telling<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as ExitCode {
        throw error
    } catch {
        throw Console.failure("\(error)")
    }
}

/// The token that was given as an argument, or read from standard input for `-`: so that it need not stand in a process list.
func tokenArgument(_ argument: String) throws -> String {
    guard argument == "-" else { return argument }
    guard let line = readLine(strippingNewline: true) else { throw Console.failure("standard input holds no token") }
    return line.trimmingCharacters(in: .whitespaces)
}
