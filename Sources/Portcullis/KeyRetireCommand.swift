import ArgumentParser
import Engine
import TokenStore

struct KeyRetireCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "End a key at once, with all its tokens.",
        discussion: """
            For a key that somebody else may know. Its tokens are revoked: a running gateway refuses them and closes the \
            sockets that live on them within a second. Its private part is erased. Where it is the key that signs, a new \
            one is made.

              portcullis key retire "$(portcullis key list --json | jq -r '.[] | select(.state == "signing").id')"
            """)

    @Argument(help: "The key's id (`kid`).")
    var id: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var state: StateOptions

    func run() throws {
        try telling {
            try Self.retire(id, in: state, json: json)
        }
    }

    /// Retires the key, and tells what came of it.
    static func retire(_ id: String, in state: StateOptions, json: Bool) throws {
        let retirement = try state.openStore().retireKey(
            id: id, now: currentUnixSeconds(), orMake: StoredKey.generateBuiltin)
        var answer = Answer(id: id, outcome: "retired", successor: nil)
        switch retirement {
        case .retired(let successor, let isErased):
            answer.successor = successor
            KeyCommand.noteUnlessErased(isErased)
        case .alreadyRetired: answer.outcome = "already-retired"
        case .alreadyEnded: answer.outcome = "already-ended"
        case .unknown:
            throw Console.failure(
                "nothing was retired: there is no key \(id) in \(state.directory); `portcullis key list` shows them")
        }
        if json {
            try Console.answer(json: answer)
        } else {
            try Console.answer(lines: answer.lines)
        }
    }

    private struct Answer: Encodable {
        let id: String
        var outcome: String
        var successor: String?

        var lines: [String] {
            switch outcome {
            case "already-retired": ["key \(id) was retired before"]
            case "already-ended": ["key \(id) has ended: there is nothing to retire"]
            default:
                ["retired key \(id), and revoked its tokens"]
                    + (successor.map { ["signing with key \($0)"] } ?? [])
            }
        }
    }
}
