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
        let client = try admin.client()
        while let left = Self.connections(of: process, client) {
            if Console.isErrorTerminal { Console.note("\(ClaimValue.shown(left)) connections") }
            Thread.sleep(forTimeInterval: 0.5)
        }
        Console.note("the gateway has ended")
    }

    /// How many the gateway of that process still has; nil where it has ended, or another one has taken its place.
    private static func connections(of process: ClaimValue?, _ client: AdminClient) -> ClaimValue? {
        do throws(AdminClient.Failure) {
            let status = try client.ask("/status")
            // One that is too busy to answer lives.
            if status.complaint != nil { return .null }
            return status.members["pid"] == process ? status.members["connections"] ?? .null : nil
        } catch {
            if case .nobody = error { return nil }
            return .null
        }
    }
}
