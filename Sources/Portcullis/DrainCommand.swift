import ArgumentParser
import Engine
import Foundation
import Tokens

struct DrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "End the gateway that runs, gently.",
        discussion: """
            As TERM does: no new connections, the live ones are closed with 1012, spread over the `drain_window` of its \
            listeners, and then the gateway ends. \(AdminOptions.exitCodes)

              portcullis drain --state state --wait
            """)

    @Flag(help: "Wait until the gateway has ended.")
    var wait = false

    @OptionGroup var admin: AdminOptions

    func run() throws {
        let process = try admin.ask("/status")["pid"]
        _ = try admin.ask("/drain", body: [:])
        guard wait else { return Console.note("the gateway drains") }
        while let status = try? admin.client().ask("/status"), status.complaint == nil,
            // Another one may have taken its place by then.
            status.members["pid"] == process
        {
            if Console.isErrorTerminal {
                Console.note("\(ClaimValue.shown(status.members["connections"])) connections")
            }
            Thread.sleep(forTimeInterval: 0.5)
        }
        Console.note("the gateway has ended")
    }
}
