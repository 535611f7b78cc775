import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

/// A session whose relay speaks to two wires, without the handshake before it.
final class RelayedSession {
    let host: Host
    let session: Session
    let relay: Relay
    let client: Wire
    let upstream: Wire

    /// Where the worker's wake-ups are to be those that tell it of events, `now` is the clock's time.
    init(
        _ rules: [MessageRule] = [], rates: [RouteRate] = [], now: Nanoseconds = 0,
        unixMilliseconds: Int64 = Fixtures.noon * 1000
    ) throws {
        host = try Host()
        session = try host.session()
        client = try Wire(host.worker)
        upstream = try Wire(host.worker)
        relay = Relay(
            try Fixtures.admitted(), terms: Fixtures.route(rules, rates: rates).terms, session: session,
            client: client.channel,
            upstream: upstream.channel, now: now, unixMilliseconds: unixMilliseconds)
        session.phase = .relay(relay)
    }

    /// Channels, relay and session hold each other until the end.
    deinit {
        client.channel.close()
        upstream.channel.close()
        session.end()
    }

    func clientSends(_ frames: TestFrame...) { clientSends(bytes: frames.flatMap(\.masked.bytes)) }
    func upstreamSends(_ frames: TestFrame...) { upstreamSends(bytes: frames.flatMap(\.bytes)) }

    func clientSends(bytes: [UInt8]) {
        relay.channel(client.channel, received: bytes.span)
    }

    func upstreamSends(bytes: [UInt8]) {
        relay.channel(upstream.channel, received: bytes.span)
    }

    func atClient() throws -> [TestFrame] {
        host.worker.flushDirty()
        return try #require(TestFrame.all(in: client.read()))
    }

    func atUpstream() throws -> [TestFrame] {
        host.worker.flushDirty()
        return try #require(TestFrame.all(in: upstream.read())).map(\.unmasked)
    }
}

@Suite struct RelayTests {
    private static let second: Nanoseconds = 1_000_000_000

    @Test("the nearest of its deadlines counts: ping, token, lifetime")
    func deadlines() throws {
        let relay = try RelayedSession(now: 7).relay
        #expect(relay.deadline == 7 + 30 * Self.second)
        #expect(relay.identityEnd == 7 + 60 * Self.second)
        #expect(relay.lifetimeEnd == 7 + 24 * 3600 * Self.second)
        relay.frames.clientLife.heard(50 * Self.second)
        relay.frames.upstreamLife.heard(50 * Self.second)
        #expect(relay.deadline == relay.identityEnd)
    }

    @Test(
        "a token that has expired meanwhile ends it at once, and one that ends later than can be told never does",
        arguments: [((Fixtures.noon + 90) * 1000, 5), (.max, 5), (-Int64.max, .max)] as [(Int64, Nanoseconds)])
    func expired(unixMilliseconds: Int64, end: Nanoseconds) throws {
        #expect(try RelayedSession(now: 5, unixMilliseconds: unixMilliseconds).relay.identityEnd == end)
    }

    @Test("the first end is the end, and the close deadline runs from it")
    func ending() throws {
        let relay = try RelayedSession().relay
        #expect(relay.begin(.init(closedBy: .client, code: 1000, reason: "client-closed"), now: 10))
        #expect(!relay.begin(.init(closedBy: .gateway, code: 1008, reason: "idle-timeout"), now: 20))
        #expect(relay.ending?.closedBy == .client && relay.ending?.code == 1000 && !relay.isCut)
        #expect(relay.deadline == 10 + 5 * Self.second)
    }

    @Test("what the policy ends inside a frame ends within the second")
    func cutFrame() throws {
        let relayed = try RelayedSession()
        relayed.upstreamSends(bytes: [0x82, 5, 1])
        #expect(relayed.relay.frames.toClient.isInsideFrame)
        #expect(relayed.relay.begin(.init(closedBy: .gateway, code: 1008, reason: "token-revoked"), now: 0))
        #expect(relayed.relay.isCut && relayed.relay.deadline < Self.second)
    }
}

@Suite struct SessionRelayTests {
    @Test("H17 a message that does not end is given 30 s", arguments: [true, false])
    func unfinishedMessage(fromClient: Bool) throws {
        let relayed = try RelayedSession(now: SystemClock.monotonic())
        #expect(relayed.relay.messageDeadline == .max)
        let start = TestFrame(isFinal: false, opcode: 1, payload: [0x61])
        if fromClient { relayed.clientSends(start) } else { relayed.upstreamSends(start) }
        let deadline = relayed.host.worker.now + 30_000_000_000
        #expect(relayed.relay.messageDeadline == deadline)
        relayed.relay.deadlinePassed(now: deadline)
        #expect(relayed.relay.ending?.reason == "message-timeout")
    }

    @Test("a message that has ended has no deadline")
    func finishedMessage() throws {
        let relayed = try RelayedSession()
        relayed.clientSends(TestFrame(isFinal: false, opcode: 1, payload: []), TestFrame(opcode: 0, payload: []))
        #expect(relayed.relay.messageDeadline == .max)
    }

    @Test(
        "a close frame of either side goes on with its code and reason, and so does the answer",
        arguments: [(nil, ""), (1000, "bye"), (3001, "of our own"), (4999, "é")] as [(UInt16?, String)])
    func close(code: UInt16?, reason: String) throws {
        let one = try RelayedSession()
        one.clientSends(.text("last"), .close(code, reason), .text("late"))
        #expect(try one.atUpstream() == [.text("last"), .close(code, reason)])
        one.upstreamSends(.text("still"), .close(1001, "answer"))
        #expect(try one.atClient() == [.text("still"), .close(1001, "answer")])
        #expect(one.relay.ending?.closedBy == .client && one.relay.ending?.code == code ?? 1005)
        #expect(one.relay.ending?.reason == "client-closed")
        let other = try RelayedSession()
        other.upstreamSends(.close(code, reason))
        #expect(try other.atClient() == [.close(code, reason)])
        #expect(other.relay.ending?.reason == "upstream-closed")
    }

    @Test("H19 a client's mistake: it gets 1002, the upstream 1001")
    func clientMistake() throws {
        let relayed = try RelayedSession()
        relayed.clientSends(bytes: TestFrame.text("a").bytes)
        #expect(try relayed.atClient() == [.close(1002, "protocol-error")])
        #expect(try relayed.atUpstream() == [.close(1001)])
        relayed.clientSends(.text("b"))
        #expect(try relayed.atUpstream().isEmpty)
    }

    @Test("an upstream's mistake: it gets 1002, the client 1011")
    func upstreamMistake() throws {
        let relayed = try RelayedSession()
        relayed.upstreamSends(bytes: TestFrame.text("a").masked.bytes)
        #expect(try relayed.atUpstream() == [.close(1002, "protocol-error")])
        #expect(try relayed.atClient() == [.close(1011, "protocol-error")])
    }

    @Test("H20 text that is not UTF-8: 1007, and 1001 to the other side")
    func badText() throws {
        let relayed = try RelayedSession()
        relayed.clientSends(TestFrame(opcode: 1, payload: [0xff]))
        #expect(try relayed.atClient() == [.close(1007, "invalid-text")])
        #expect(try relayed.atUpstream() == [.close(1001)])
    }

    @Test("H16 too big: 1009 to its sender, 1001 to the other side", arguments: [true, false])
    func tooBig(fromClient: Bool) throws {
        let relayed = try RelayedSession()
        let frame = TestFrame.binary(Array(repeating: 0, count: 64 * 1024 + 1))
        if fromClient { relayed.clientSends(frame) } else { relayed.upstreamSends(frame) }
        let (sender, other) = (TestFrame.close(1009, "message-too-big"), TestFrame.close(1001))
        #expect(try relayed.atClient() == [fromClient ? sender : other])
        #expect(try relayed.atUpstream() == [fromClient ? other : sender])
    }

    @Test("a rule that closes: its code and reason to the client, and the rule in the log", arguments: [true, false])
    func denied(fromClient: Bool) throws {
        let relayed = try RelayedSession([
            Fixtures.rule("no-x", .text(.literal("x")), .close(code: 1008, reason: "no"))
        ])
        if fromClient { relayed.clientSends(.text("x")) } else { relayed.upstreamSends(.text("x")) }
        #expect(try relayed.atClient() == [.close(1008, "no")])
        #expect(try relayed.atUpstream() == [fromClient ? .close(1001) : .close(1008, "no")])
        #expect(relayed.relay.ending?.rule == "no-x" && relayed.relay.ending?.reason == "message-denied")
    }

    @Test("H37 revoked: 1008 token-revoked to the client, once, and nothing more passes")
    func revoked() throws {
        let relayed = try RelayedSession()
        relayed.session.revoke()
        relayed.session.revoke()
        relayed.session.drain()
        relayed.clientSends(.text("a"))
        relayed.upstreamSends(.text("b"))
        #expect(try relayed.atClient() == [.close(1008, "token-revoked")])
        #expect(try relayed.atUpstream() == [.close(1001)])
    }

    @Test("H37 revoked inside a frame: the frame is brought to its end before the close")
    func revokedInsideFrame() throws {
        let relayed = try RelayedSession()
        let frame = TestFrame.text("0123456789").bytes
        relayed.upstreamSends(bytes: Array(frame.prefix(6)))
        relayed.session.revoke()
        relayed.upstreamSends(bytes: Array(frame.dropFirst(6)))
        relayed.upstreamSends(.text("late"))
        #expect(try relayed.atClient() == [.text("0123456789"), .close(1008, "token-revoked")])
    }

    @Test("H22 no more is received for a peer than its queue has room for")
    func allowance() throws {
        let relayed = try RelayedSession()
        #expect(relayed.relay.allowance(for: relayed.upstream.channel) == 64 * 1024)
        relayed.client.channel.append([UInt8](repeating: 0, count: 60 * 1024))
        #expect(relayed.relay.allowance(for: relayed.upstream.channel) == 4 * 1024)
        relayed.client.channel.append([UInt8](repeating: 0, count: 60 * 1024))
        #expect(relayed.relay.allowance(for: relayed.upstream.channel) == 1)
    }

    @Test("H22 the upstream is not read while the client does not read, and is again when it does")
    func backPressure() throws {
        let relayed = try RelayedSession()
        _ = relayed.client.block()
        relayed.relay.channelFlushed(relayed.client.channel)
        #expect(!relayed.upstream.channel.isReading && relayed.client.channel.isReading)
        _ = relayed.client.unblock()
        relayed.relay.channelFlushed(relayed.client.channel)
        #expect(relayed.upstream.channel.isReading)
    }

    @Test("H21 a client that owes itself a pong is not read until that is out")
    func pongPause() throws {
        let relayed = try RelayedSession()
        _ = relayed.client.block()
        relayed.clientSends(.ping([1]), .ping([2]))
        #expect(!relayed.client.channel.isReading)
        _ = relayed.client.unblock()
        relayed.relay.channelFlushed(relayed.client.channel)
        #expect(try relayed.atClient() == [.pong([2])])
        relayed.relay.channelFlushed(relayed.client.channel)
        #expect(relayed.client.channel.isReading)
    }
}
