import ArgumentParser
import Crypto
import Engine
import Foundation
import PolicyModel
import WebSocketProtocol

struct ConnectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect",
        abstract: "Open a WebSocket and talk over it: each line typed is a message, each message is a line.",
        discussion: """
            Ends with 0 after a normal close, with 1 when the connection failed or was closed with another code, and \
            with 3 when the handshake was refused.

              portcullis connect wss://localhost:8443/echo --ca certs/ca.pem --token "$TOKEN"
              echo hello | portcullis connect ws://127.0.0.1:9001/
            """)

    @Argument(help: "wss://HOST[:PORT]/PATH, or ws:// without TLS.")
    var url: String

    @Option(
        help: """
            Sent as `Authorization: Bearer TOKEN`; `-` reads it from the environment variable PORTCULLIS_TOKEN, since \
            standard input is the conversation.
            """)
    var token: String?

    @Option(help: ArgumentHelp("Sent as the Origin, as a web page's would be.", valueName: "origin"))
    var origin: String?

    @Option(help: ArgumentHelp("One more header, 'Name: value'. Repeatable.", valueName: "header"))
    var header: [String] = []

    @Option(help: ArgumentHelp("A subprotocol to offer. Repeatable.", valueName: "name"))
    var subprotocol: [String] = []

    @Option(help: ArgumentHelp("Trust the authority in this PEM file instead of the system's.", valueName: "file"))
    var ca: String?

    /// What the URL says.
    private struct Place {
        let isSecure: Bool
        let host: String
        let port: UInt16
        let authority: String
        let target: String

        init?(_ url: String) {
            guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
                ["ws", "wss"].contains(scheme), let host = parts.host, !host.isEmpty, parts.user == nil,
                parts.fragment == nil
            else { return nil }
            isSecure = scheme == "wss"
            self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
            guard let port = UInt16(exactly: parts.port ?? (isSecure ? 443 : 80)) else { return nil }
            self.port = port
            authority = parts.port.map { "\(host):\($0)" } ?? host
            let path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
            target = parts.percentEncodedQuery.map { "\(path)?\($0)" } ?? path
        }
    }

    func validate() throws {
        guard Place(url) != nil else {
            throw ValidationError("The URL must be wss://HOST[:PORT]/PATH or ws://HOST[:PORT]/PATH: '\(url)'.")
        }
        _ = try headers()
    }

    private func headers() throws -> HeaderFields {
        var fields = HeaderFields()
        for header in header {
            let (name, value) = try HeaderArgument.parse(header, option: "--header")
            guard HeaderFields.isValidValue(value) else {
                throw ValidationError("--header has a value that no header may have: '\(header)'.")
            }
            fields.add(name, value)
        }
        if let origin { fields.set("Origin", origin) }
        if let token = try token.map(Self.given) { fields.set("Authorization", "Bearer \(token)") }
        return fields
    }

    /// The token itself, or for `-` the environment's: standard input holds the messages.
    private static func given(_ token: String) throws -> String {
        guard token == "-" else { return token }
        guard let value = ProcessInfo.processInfo.environment["PORTCULLIS_TOKEN"], !value.isEmpty else {
            throw ValidationError(
                "--token - needs the environment variable PORTCULLIS_TOKEN, which is empty or not set.")
        }
        return value
    }

    func run() throws {
        guard let place = Place(url) else { return }
        let outcome = try telling { try connect(to: place) }
        try finish(outcome)
    }

    private func connect(to place: Place) throws -> TerminalClient.Outcome {
        let tls = try place.isSecure ? (context: TLSClientContext(authorityFile: ca), host: place.host) : nil
        let addresses = IPAddress(place.host).map { [$0] } ?? Resolver.addresses(of: place.host)
        guard !addresses.isEmpty else { throw Console.failure("\(place.host) has no address") }
        let input = try LineInput()
        try input.start()
        var outcome = TerminalClient.Outcome.failed("not connected")
        for address in addresses {
            var isOpen = false
            let request = TerminalClient.Request(
                address: SocketAddress(ip: address, port: place.port), tls: tls, host: place.authority,
                target: place.target, subprotocols: subprotocol, headers: try headers())
            outcome = try TerminalClient.converse(request, input: input) { event in
                isOpen = true
                Self.show(event)
            }
            // The next address is for a host that cannot be reached, not for one that has answered.
            guard case .failed = outcome, !isOpen else { break }
        }
        return outcome
    }

    private static func show(_ event: TerminalClient.Event) {
        switch event {
        case .open(let subprotocol):
            Console.note("connected\(subprotocol.map { " (\($0.terminalSafe))" } ?? ""); end with Ctrl-D")
        case .message(true, let payload):
            // A program that reads along gets what was sent.
            let line = Console.isAnswerTerminal ? Array(shown(payload).utf8) : payload
            Console.writeOrEnd(answer: line + [UInt8(ascii: "\n")])
        case .message(false, let payload):
            let digits = payload.prefix(64).map { String(format: "%02x", $0) }.joined()
            Console.writeOrEnd(answer: Array("binary, \(payload.count) bytes: \(digits)\n".utf8))
        }
    }

    /// The server's text, in its lines and with its tabs. A terminal obeys other control characters: none goes there.
    static func shown(_ bytes: [UInt8]) -> String {
        let parts = String(decoding: bytes, as: UTF8.self).map { character -> String in
            switch character {
            case "\n", "\r\n", "\t": String(character)
            default: String(character).terminalSafe
            }
        }
        return parts.joined()
    }

    private func finish(_ outcome: TerminalClient.Outcome) throws {
        switch outcome {
        case .closed(let payload, let byServer):
            let code = payload.code.map { "\($0.rawValue)" } ?? "no code"
            let reason = payload.reason.isEmpty ? "" : " \(payload.reason.terminalSafe)"
            Console.note("closed\(byServer ? " by the server" : ""): \(code)\(reason)")
            if let code = payload.code, code != .normal, code != .goingAway { throw ExitCode.failure }
        case .refused(let status, let body):
            Console.note("refused: HTTP \(status)\n\(Self.shown(body))")
            throw ExitCode(3)
        case .failed(let reason):
            throw Console.failure(reason)
        }
    }
}
