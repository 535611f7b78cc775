import ArgumentParser
import Tokens

struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Show the policy that is in force.",
        subcommands: [PolicyShowCommand.self])
}

struct PolicyShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the policy in force: its version, and the files that it was read from, as they were then.",
        discussion: """
            The files may have changed since: `portcullis reload` puts them in force. \(AdminOptions.exitCodes)

              portcullis policy show --json | jq -r .version
            """)

    @Flag(help: "Print the gateway's answer as JSON.")
    var json = false

    @OptionGroup var admin: AdminOptions

    func run() throws {
        let policy = ClaimValue.object(try admin.ask("/policy"))
        if json { return try Console.answer(json: policy) }
        var shown =
            "# policy \(ClaimValue.shown(policy["version"])), in force since \(ClaimValue.shown(policy["since"]))\n"
        for file in policy["files"]?.elements ?? [] {
            shown += "\n# \(ClaimValue.shown(file["name"]))\n"
            let text = file["text"]?.scalarText ?? ""
            shown += text.hasSuffix("\n") ? text : text + "\n"
        }
        try Console.write(answer: Array(shown.utf8))
    }
}
