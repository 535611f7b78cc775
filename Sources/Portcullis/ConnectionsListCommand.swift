import ArgumentParser
import Engine
import Tokens

struct ConnectionsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List live connections, the oldest first.",
        discussion: """
            Of several filters all must hold. BYTES and MESSAGES are those of both ways together. \
            \(AdminOptions.exitCodes)

              portcullis connections list --route chat --sort bytes --limit 20
              portcullis connections list --json | jq -r '.connections[].request_id'
            """)

    @OptionGroup var which: ConnectionOptions

    @Option(help: ArgumentHelp("Only those that are so far.", valueName: "state"))
    var only: ConnectionRecord.State?

    @Option(help: ArgumentHelp("What comes first: the most of it.", valueName: "order"))
    var sort = ConnectionOrder.age

    @Option(help: ArgumentHelp("At most so many, up to 10000.", valueName: "n"))
    var limit = 100

    @Flag(help: "Print the gateway's answer as JSON.")
    var json = false

    @OptionGroup var admin: AdminOptions

    func run() throws {
        var query = which.filters + [("sort", sort.rawValue), ("limit", "\(limit)")]
        if let only { query.append(("state", only.rawValue)) }
        let answer = ClaimValue.object(try admin.ask("/connections", query: query))
        if json { return try Console.answer(json: answer) }
        let found = answer["connections"]?.elements ?? []
        if !found.isEmpty { try Console.answer(lines: Self.table(found).lines) }
        let total = answer["total"]?.integer ?? 0
        if total == 0 { Console.note("no connections") }
        if total > Int64(found.count) { Console.note("these are \(found.count) of \(total): --limit shows more") }
        if answer["partial"] == .boolean(true) {
            Console.note("some workers were too busy to answer: their connections are missing here")
        }
    }

    private static func table(_ connections: [ClaimValue]) -> TextTable {
        var table = TextTable([
            "ID", "CLIENT", "LISTENER", "ROUTE", "SUBJECT", "AGE", "IDLE", "BYTES", "MESSAGES", "STATE",
        ])
        for connection in connections {
            let times = ["age_ms", "idle_ms"].map { name in
                Quantity.duration(seconds: (connection[name]?.integer ?? 0) / 1000)
            }
            table.add(
                ["request_id", "client", "listener", "route", "subject"].map { ClaimValue.shown(connection[$0]) }
                    + times
                    + [
                        Quantity.bytes(sum(connection["bytes"])), "\(sum(connection["messages"]))",
                        ClaimValue.shown(connection["state"]),
                    ])
        }
        return table
    }

    private static func sum(_ ways: ClaimValue?) -> Int64 {
        ["from_client", "from_upstream"].reduce(0) { $0 &+ (ways?[$1]?.integer ?? 0) }
    }
}

extension ConnectionRecord.State: ExpressibleByArgument {}

extension ConnectionOrder: ExpressibleByArgument {}
