import ArgumentParser
import Engine
import PolicyModel

struct EchoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo",
        abstract: "Run a WebSocket server that sends every message back, to try a gateway with.",
        discussion: "It speaks plain ws:// and asks for no token: keep it on loopback, behind the gateway.")

    @Option(help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "ip:port"))
    var address = "127.0.0.1:9001"

    func validate() throws {
        guard SocketAddress(address) != nil else {
            throw ValidationError("--address must be an IP address and a port, such as 127.0.0.1:9001: '\(address)'.")
        }
    }

    func run() throws {
        guard let address = SocketAddress(address) else { return }
        try telling {
            let server = try EchoServer(address: address)
            Console.note("echo: listening on ws://\(server.address)")
            try server.run()
        }
    }
}
