import ArgumentParser
import TokenStore

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
