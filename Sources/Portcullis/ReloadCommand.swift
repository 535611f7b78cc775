import ArgumentParser
import Tokens

struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have the gateway that runs read its policies and certificates again.",
        discussion: """
            As HUP does, and with an answer: the version that is in force then, or all that is wrong, a line each, and \
            everything stays as it was. \(AdminOptions.exitCodes)

              portcullis reload --state state
            """)

    @Flag(help: "Print the gateway's answer as JSON.")
    var json = false

    @OptionGroup var admin: AdminOptions

    func run() throws {
        let answer = try admin.ask("/reload", body: [:], timeout: .seconds(40))
        if json { return try Console.answer(json: ClaimValue.object(answer)) }
        try Console.answer("policy \(ClaimValue.shown(answer["version"])) is in force")
    }
}
