import ArgumentParser
import Tokens

struct ConnectionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connections",
        abstract: "List and close the connections of the gateway that runs.",
        subcommands: [ConnectionsListCommand.self, ConnectionsCloseCommand.self])
}

/// Which connections are meant.
struct ConnectionOptions: ParsableArguments {
    @Option(help: "The one with this id (`request_id` in the audit log).")
    var id: String?

    @Option(help: "Those of this route.")
    var route: String?

    @Option(help: "Those of this subject.")
    var subject: String?

    @Option(help: ArgumentHelp("Those of the token with this id (`jti`).", valueName: "id"))
    var token: String?

    @Option(help: ArgumentHelp("Those of clients at this address or in this block.", valueName: "cidr"))
    var address: String?

    @Option(help: "Those that came by this listener.")
    var listener: String?

    /// As the operators' door names them.
    var filters: [(name: String, value: String)] {
        [
            ("id", id), ("route", route), ("subject", subject), ("token", token), ("address", address),
            ("listener", listener),
        ].compactMap { name, value in value.map { (name, $0) } }
    }
}
