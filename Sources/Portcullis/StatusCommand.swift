import ArgumentParser
import Tokens

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how the gateway that runs fares.",
        discussion: """
            Its policy, listeners and workers, its memory and descriptors, and what the last reload has come to. \
            \(AdminOptions.exitCodes)

              portcullis status --state state
            """)

    @Flag(help: "Print the gateway's answer as JSON.")
    var json = false

    @OptionGroup var admin: AdminOptions

    func run() throws {
        let status = ClaimValue.object(try admin.ask("/status"))
        if json { return try Console.answer(json: status) }
        try Console.answer(lines: Self.lines(status))
    }

    /// The answer for people.
    static func lines(_ status: ClaimValue) -> [String] {
        let shown = ClaimValue.shown
        let uptime = Quantity.duration(seconds: status["uptime_seconds"]?.integer ?? 0)
        let (memory, descriptors) = (status["memory"], status["descriptors"])
        var lines = [
            "portcullis \(shown(status["version"])), process \(shown(status["pid"])), up \(uptime)"
                + (status["draining"] == .boolean(true) ? ", draining" : ""),
            "policy \(shown(status["policy"]?["version"])), in force since \(shown(status["policy"]?["since"]))",
            "connections \(shown(status["connections"]))",
            "memory \(bytes(memory?["resident_bytes"])) of \(bytes(memory?["ceiling_bytes"]))",
            "descriptors \(shown(descriptors?["used"])) of \(shown(descriptors?["limit"]))",
        ]
        if let address = status["admin"]?["address"] { lines.append("admin at \(shown(address))") }
        if let reload = status["last_reload"], reload != .null {
            lines.append("last reload \(shown(reload["at"])): \(shown(reload["outcome"]))")
            lines += (reload["diagnostics"]?.elements ?? []).map { "  \(shown($0))" }
        }
        var listeners = TextTable(["LISTENER", "ADDRESS", "CONNECTIONS", "MAXIMUM"])
        for listener in status["listeners"]?.elements ?? [] {
            listeners.add(["name", "address", "connections", "maximum"].map { shown(listener[$0]) })
        }
        var workers = TextTable(["WORKER", "CONNECTIONS"])
        for worker in status["workers"]?.elements ?? [] {
            let isBusy = worker["connections"] == .null
            workers.add([shown(worker["index"]), isBusy ? "busy" : shown(worker["connections"])])
        }
        return lines + [""] + listeners.lines + [""] + workers.lines
    }

    private static func bytes(_ value: ClaimValue?) -> String {
        value?.integer.map { Quantity.bytes($0) } ?? "-"
    }
}
