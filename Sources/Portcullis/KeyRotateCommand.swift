import ArgumentParser
import Engine
import TokenStore
import Tokens

struct KeyRotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Make a new key, with which tokens are signed from now on.",
        discussion: """
            The key before it verifies the tokens that it has signed until the last of them has ended; its private part is \
            erased at once. No token and no socket is lost. Who checks tokens by an exported key set needs the new one \
            before the first new token.
            """)

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var state: StateOptions

    func run() throws {
        let now = currentUnixSeconds()
        let (key, isErased) = try telling {
            try state.openStore(createIfMissing: true).rotateKey(now: now, make: StoredKey.generateBuiltin)
        }
        KeyCommand.noteUnlessErased(isErased)
        if json {
            try Console.answer(json: Answer(id: key.id, createdAt: Timestamp.rfc3339(key.createdAt)))
        } else {
            try Console.answer("signing with key \(key.id)")
        }
    }

    private struct Answer: Encodable {
        let id: String
        let createdAt: String
    }
}
