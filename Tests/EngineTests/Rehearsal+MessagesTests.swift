import Middleware
import PolicyModel
import Testing
import Tokens

@testable import Engine

private let chat = MadeUpHandshake(host: "chat.example.com", target: "/chat", time: Fixtures.noon)

private func rule(
    _ line: Int, from: MessageRule.Source = .client, _ text: String, _ action: MessageAction,
    _ mode: EnforcementMode = .enforce
) -> MessageRule {
    MessageRule(
        name: "r\(line)", from: from, condition: .text(.literal(text)), action: action, mode: mode,
        position: place(line))
}

/// A rehearsal, and a connection of a route with these rules and rates.
private func opened(
    _ rules: [MessageRule] = [], rates: [RouteRate] = [], change: (inout RoutePolicy) -> Void = { _ in }
) throws -> (Rehearsal, RehearsedConnection) {
    var route = chatRoute(rules: rules, rates: rates)
    change(&route)
    let rehearsal = try Rehearsal(try rehearsed([route]))
    return (rehearsal, try #require(try rehearsal.handshake(chat).connection))
}

@Suite struct RehearsalMessagesTests {
    @Test("rules act in order, each with its place, and an edit goes on to the next")
    func rules() throws {
        let (rehearsal, connection) = try opened([
            rule(20, "a", Fixtures.replace("a", "b")), rule(21, "b", .drop, .shadow), rule(22, "bb", .drop),
        ])
        let message = rehearsal.message(MadeUpMessage("a!"), on: connection)
        #expect(message.verdict == .edited && message.output == Array("b!".utf8))
        #expect(
            message.hits == [
                RehearsedHit(name: "r20", position: place(20), isShadow: false, pointer: nil),
                RehearsedHit(name: "r21", position: place(21), isShadow: true, pointer: nil),
            ])
        #expect(rehearsal.message(MadeUpMessage("ab"), on: connection).verdict == .dropped)
        let upstream = rehearsal.message(MadeUpMessage(from: .upstream, "ab"), on: connection)
        #expect(upstream.verdict == .passed && upstream.output == Array("ab".utf8) && upstream.hits.isEmpty)
    }

    @Test("a close ends the connection, gives back what it held, and nothing comes behind it")
    func close() throws {
        let (rehearsal, connection) = try opened([rule(20, "x", .close(code: 1008, reason: "no"))])
        let closed = RehearsedMessage.Verdict.closed(code: 1008, reason: "no", rule: "r20")
        #expect(rehearsal.message(MadeUpMessage("x"), on: connection).verdict == closed)
        #expect(connection.ending == closed)
        #expect(rehearsal.message(MadeUpMessage("y"), on: connection).verdict == closed)
    }

    @Test(
        "limits of the route",
        arguments: [
            (MadeUpMessage("12345"), RehearsedMessage.Verdict.closed(code: 1009, reason: "message-too-big", rule: nil)),
            (MadeUpMessage("1234"), .passed),
            (MadeUpMessage(payload: [0xff]), .closed(code: 1007, reason: "invalid-text", rule: nil)),
            (MadeUpMessage(isBinary: true, payload: [0xff]), .passed),
            (MadeUpMessage(from: .upstream, ""), .passed),
        ])
    func limits(_ message: MadeUpMessage, _ verdict: RehearsedMessage.Verdict) throws {
        let (rehearsal, connection) = try opened { $0.limits.messageBytes = 4 }
        #expect(rehearsal.message(message, on: connection).verdict == verdict)
    }

    @Test("rates count, by their clock")
    func rates() throws {
        let (rehearsal, connection) = try opened(rates: [Fixtures.rate(.messages, 1)])
        #expect(rehearsal.message(MadeUpMessage("a"), on: connection).hits.isEmpty)
        var later = MadeUpMessage("b")
        later.monotonic = 1_000_000_000
        #expect(rehearsal.message(later, on: connection).verdict == .passed)
        let denied = rehearsal.message(later, on: connection)
        #expect(denied.verdict == .closed(code: 1008, reason: "message-rate-exceeded", rule: "message_rate"))
        #expect(denied.hits.map(\.name) == ["message_rate"])
    }

    @Test("a sender that waits passes, and is told for how long")
    func delayed() throws {
        let (rehearsal, connection) = try opened(rates: [Fixtures.rate(.messages, 1, then: .delay)])
        #expect(rehearsal.message(MadeUpMessage("a"), on: connection).heldFor == 0)
        let second = rehearsal.message(MadeUpMessage("b"), on: connection)
        #expect(second.verdict == .passed && second.heldFor == 1_000_000_000 && second.hits.count == 1)
    }

    @Test(
        "what time ends",
        arguments: [
            (nil, 10_000_000_000, nil), (nil, 600_000_000_000, "idle-timeout"), (Int64(599), nil, nil),
            (Int64(600), nil, "idle-timeout"), (nil, Int64(86_400) * 1_000_000_000, "lifetime-exceeded"),
        ] as [(Int64?, Int64?, String?)])
    func time(_ seconds: Int64?, _ monotonic: Int64?, _ reason: String?) throws {
        let (rehearsal, connection) = try opened()
        var message = MadeUpMessage("a")
        message.time = seconds.map { Fixtures.noon + $0 }
        message.monotonic = monotonic
        let verdict = rehearsal.message(message, on: connection).verdict
        #expect(verdict == reason.map { .closed(code: 1008, reason: $0, rule: nil) } ?? .passed)
    }

    @Test("a token ends its connection, and a fresh one moves that end")
    func renewal() throws {
        var settings = TokenSettings(issuers: ["local"])
        settings.renewalPointer = JSONPointer(tokens: ["token"])
        let rehearsal = try Rehearsal(try rehearsed([chatRoute([(.token(settings), .enforce)])]))
        func connection() throws -> RehearsedConnection {
            var made = chat
            made.credential = .claims(MadeUpClaims(subject: "alice", expiresIn: 60))
            return try #require(try rehearsal.handshake(made).connection)
        }
        func message(_ text: String, at seconds: Int64) -> MadeUpMessage {
            var message = MadeUpMessage(text)
            message.time = Fixtures.noon + seconds
            return message
        }
        let first = try connection()
        let expired = RehearsedMessage.Verdict.closed(code: 1008, reason: "token-expired", rule: nil)
        #expect(rehearsal.message(message("a", at: 59), on: first).verdict == .passed)
        #expect(rehearsal.message(message("a", at: 60), on: first).verdict == expired)
        let second = try connection()
        let fresh = try rehearsal.token(MadeUpClaims(subject: "alice", expiresIn: 300), time: Fixtures.noon)
        #expect(rehearsal.message(message(#"{"token":"\#(fresh)"}"#, at: 59), on: second).verdict == .renewed)
        #expect(rehearsal.message(message("a", at: 299), on: second).verdict == .passed)
        #expect(rehearsal.message(message("a", at: 300), on: second).verdict == expired)
    }
}
