import ArgumentParser

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "List, rotate, retire and export the keys that tokens are signed with.",
        discussion: """
            One key signs. After a rotation the ones before still verify the tokens that they have signed, until the last \
            of these has ended. A running gateway with the same state folder follows within a second.
            """,
        subcommands: [
            KeyListCommand.self, KeyRotateCommand.self, KeyRetireCommand.self, KeyExportCommand.self,
        ])

    /// For the one case in which a private key is not gone from the disk at once.
    static func noteUnlessErased(_ isErased: Bool) {
        guard !isErased else { return }
        Console.note(
            "the old private key is erased, but its bytes stay in tokens.sqlite-wal until nobody reads the store: "
                + "end what reads it (such as `token list`), and rotate once more")
    }
}
