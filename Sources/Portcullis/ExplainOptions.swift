import ArgumentParser
import Engine
import PolicyModel
import Tokens
import WebSocketProtocol

/// A handshake, and messages, as a command line describes them.
struct ExplainOptions: ParsableArguments {
    @Option(help: ArgumentHelp("What the client asks for: wss://HOST[:PORT]/PATH[?QUERY].", valueName: "url"))
    var url: String

    @Option(help: ArgumentHelp("The listener that it comes to (default: the first one).", valueName: "name"))
    var listener: String?

    @Option(help: ArgumentHelp("Where it comes from; a proxy's address where it comes through one.", valueName: "ip"))
    var ip = "198.18.0.1"

    @Option(help: ArgumentHelp("Sent as the Origin, as a web page's would be.", valueName: "origin"))
    var origin: String?

    @Option(
        help: ArgumentHelp(
            "One more header, 'Name: value'. One of the handshake's own replaces it, 'Name:' removes it. Repeatable.",
            valueName: "header"))
    var header: [String] = []

    @Option(help: ArgumentHelp("The method, where it is not GET.", valueName: "name"))
    var method = "GET"

    @Option(help: ArgumentHelp("A subprotocol to offer. Repeatable.", valueName: "name"))
    var subprotocol: [String] = []

    @Option(
        help: ArgumentHelp(
            "A token, carried where the route first takes one; - reads it from standard input, so that it need not "
                + "stand in a process list.", valueName: "token"))
    var token: String?

    @Option(
        help: ArgumentHelp(
            """
            A made-up token instead: a JSON object of subject, issuer (its name in the policies), audience, scopes, \
            expires_in (seconds), and claims as they stand in a token.
            """, valueName: "json"))
    var claims: String?

    @Option(help: ArgumentHelp("The subject of a client certificate that TLS has verified.", valueName: "subject"))
    var certificateSubject: String?

    @Option(help: ArgumentHelp("When: 2026-01-31T23:59:59Z (default: now).", valueName: "time"))
    var time: String?

    @Option(help: ArgumentHelp("So many such handshakes at once, all alive; the last one is shown.", valueName: "n"))
    var `repeat` = 1

    @Option(help: ArgumentHelp("The status with which authorization services answer, 200 to 599.", valueName: "status"))
    var authorize: Int?

    @Option(
        help: ArgumentHelp("With --authorize: a header of the answer, 'Name: value'. Repeatable.", valueName: "header"))
    var authorizeHeader: [String] = []

    @Option(help: ArgumentHelp("What the client sends first, where the route takes a token there.", valueName: "text"))
    var firstMessage: String?

    @Option(help: ArgumentHelp("A message on the open connection. Repeatable, in order.", valueName: "text"))
    var message: [String] = []

    @Option(help: ArgumentHelp("Who sends the messages.", valueName: "side"))
    var from = MessageSender.client

    @Flag(help: "The messages are binary ones.")
    var binary = false

    func validate() throws {
        guard Place(url) != nil else {
            throw ValidationError("--url must be wss://HOST[:PORT]/PATH: '\(url)'.")
        }
        guard IPAddress(ip) != nil else { throw ValidationError("--ip must be an IP address: '\(ip)'.") }
        guard token == nil || claims == nil else { throw ValidationError("Give either --token or --claims.") }
        guard time.map({ Timestamp.unixSeconds(rfc3339: $0) != nil }) ?? true else {
            throw ValidationError("--time must look like 2026-01-31T23:59:59Z: '\(time ?? "")'.")
        }
        guard (1...100_000).contains(`repeat`) else { throw ValidationError("--repeat must be 1 to 100000.") }
        guard authorize.map({ (200...599).contains($0) }) ?? true else {
            throw ValidationError("--authorize must be a final HTTP status, 200 to 599.")
        }
        guard authorize != nil || authorizeHeader.isEmpty else {
            throw ValidationError("--authorize-header goes with --authorize.")
        }
        _ = try headers()
        _ = try authorizeHeaders()
        _ = try madeUpClaims()
    }

    /// The handshake; a token may be read from standard input for it.
    func handshake() throws -> MadeUpHandshake {
        guard let place = Place(url), let peer = IPAddress(ip) else { throw ExitCode.validationFailure }
        var made = MadeUpHandshake(host: place.host, target: place.target, listener: listener, peer: peer)
        made.method = method
        made.headers = try headers()
        if let origin { made.headers.append(("Origin", origin)) }
        made.subprotocols = subprotocol
        if let token {
            made.credential = .token(try tokenArgument(token))
        } else if let claims = try madeUpClaims() {
            made.credential = .claims(claims)
        }
        made.clientCertificate = certificateSubject
        made.time = time.flatMap { Timestamp.unixSeconds(rfc3339: $0) }
        if let authorize {
            made.authorization = [MadeUpAuthorization(status: authorize, headers: try authorizeHeaders())]
        }
        made.firstMessage = firstMessage
        return made
    }

    var messages: [MadeUpMessage] {
        message.map { MadeUpMessage(from: from, isBinary: binary, payload: Array($0.utf8)) }
    }

    private func headers() throws -> [(name: String, value: String)] {
        try header.map { try HeaderArgument.parse($0, option: "--header") }
    }

    private func authorizeHeaders() throws -> [(name: String, value: String)] {
        try authorizeHeader.map { try HeaderArgument.parse($0, option: "--authorize-header") }
    }

    private func madeUpClaims() throws -> MadeUpClaims? {
        guard let claims else { return nil }
        guard case .object(let members)? = JSON.decode(Array(claims.utf8)) else {
            throw ValidationError("--claims must be a JSON object: '\(claims)'.")
        }
        do throws(RehearsalError) {
            return try MadeUpClaims(members)
        } catch {
            throw ValidationError("--claims: \(error).")
        }
    }

    /// What a URL asks for, as a client would write it: nothing is put right that a gateway would judge.
    private struct Place {
        /// As in a `Host` field.
        let host: String
        let target: String

        init?(_ url: String) {
            guard url.lowercased().hasPrefix("wss://"), !url.contains("#") else { return nil }
            let rest = url.dropFirst(6)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            let authority = rest[..<end]
            guard RequestHost(authority) != nil else { return nil }
            host = authority.hasSuffix(":443") ? String(authority.dropLast(4)) : String(authority)
            target = rest[end...].first == "/" ? String(rest[end...]) : "/\(rest[end...])"
        }
    }
}

extension MessageSender: ExpressibleByArgument {}
