import ArgumentParser
import Tokens

struct ConnectionsCloseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close",
        abstract: "Close live connections with 1008, `closed-by-operator`.",
        discussion: """
            Of several filters all must hold. Where they are many they are closed one by one, a thousand a second, so \
            that not all of their clients come back at once; --over says how fast. Whoever is closed may come back: \
            `portcullis token revoke` keeps a client out. \(AdminOptions.exitCodes)

              portcullis connections close --subject alice
              portcullis connections close --all --over 5m
            """)

    @OptionGroup var which: ConnectionOptions

    @Flag(help: "All of them.")
    var all = false

    @Option(help: ArgumentHelp("Spread the closes over so long, up to 1h; 0s is at once.", valueName: "duration"))
    var over: String?

    @Flag(help: "Print the gateway's answer as JSON.")
    var json = false

    @OptionGroup var admin: AdminOptions

    func validate() throws {
        guard all == which.filters.isEmpty else {
            throw ValidationError("Give one of --id, --route, --subject, --token, --address and --listener, or --all.")
        }
    }

    func run() throws {
        var body = Dictionary(which.filters.map { ($0.name, ClaimValue.string($0.value)) }) { first, _ in first }
        if all { body["all"] = .boolean(true) }
        body["over"] = over.map { .string($0) }
        let answer = try admin.ask("/connections/close", body: body)
        if json { return try Console.answer(json: ClaimValue.object(answer)) }
        let count = answer["closed"]?.integer ?? 0
        let milliseconds = answer["over_ms"]?.integer ?? 0
        try Console.answer(
            "closed \(count) \(count == 1 ? "connection" : "connections")"
                + (milliseconds > 0 ? ", over \(Quantity.duration(seconds: (milliseconds + 999) / 1000))" : ""))
        if answer["partial"] == .boolean(true) {
            Console.note("some workers were too busy to say how many: they close theirs as soon as they can")
        }
    }
}
