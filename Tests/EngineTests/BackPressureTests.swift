import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

/// What the gateway holds for a peer that does not read: its route's `buffered_bytes`, and what is said here beside it.
@Suite(.timeLimit(.minutes(1))) struct BackPressureTests {
    private static let limit = 64 * 1024
    /// A header that waited for its payload, and control frames of the gateway's own.
    private static let beside = 512
    private static let inspecting = Fixtures.rule(
        "never", .text(.literal("no message holds this")), .drop)
    /// Makes a message of one byte a hundred times as large.
    private static let growing = Fixtures.rule(
        "grow", .text(.literal("a")), Fixtures.replace("a", String(repeating: "b", count: 100)))

    /// What comes out where a peer pours at one that reads only once all has come to a stand, and how much was queued at most
    /// after a wake-up. It ends when `expected` bytes have come out.
    private func pour(
        _ relayed: RelayedSession, from source: Wire, to target: Wire, _ bytes: [UInt8], expected: Int
    ) -> (most: Int, out: [UInt8]) {
        var (offered, most, idle) = (0, 0, 0)
        var out: [UInt8] = []
        while out.count < expected {
            let count = source.offer(bytes[offered...])
            offered += count
            let isHeld = target.channel.isBlocked && !source.channel.isReading && count == 0
            idle = isHeld ? idle + 1 : 0
            if idle > 2 || !out.isEmpty { out += target.read() }
            turn(relayed)
            most = max(most, target.channel.queuedBytes)
        }
        return (most, out)
    }

    private func turn(_ relayed: RelayedSession) {
        relayed.host.worker.setDeadline(0, for: .drain)
        relayed.host.worker.turn()
    }

    @Test(
        "H22 a peer pours at one that does not read: at most its limit is queued, and all of it arrives in the end",
        arguments: [true, false], [[], [inspecting], [growing]])
    func pours(fromClient: Bool, rules: [MessageRule]) throws {
        let relayed = try RelayedSession(rules, now: SystemClock.monotonic())
        let (source, target) = fromClient ? (relayed.client, relayed.upstream) : (relayed.upstream, relayed.client)
        let grows = rules.contains { $0.name == "grow" }
        let message = TestFrame.text(grows ? "a" : String(repeating: "a", count: 5000))
        let expected = grows ? TestFrame.text(String(repeating: "b", count: 100)) : message
        let count = 2_000_000 / expected.payload.count
        let sent = fromClient ? message.masked.bytes : message.bytes
        let size = fromClient ? expected.masked.bytes.count : expected.bytes.count
        let (most, out) = pour(
            relayed, from: source, to: target, Array(repeating: sent, count: count).flatMap { $0 },
            expected: count * size)
        #expect(most > Self.limit / 4 && most <= Self.limit + (rules.isEmpty ? 0 : size) + Self.beside)
        let frames = TestFrame.all(in: out)?.map(\.unmasked)
        let isWhole = frames == Array(repeating: expected, count: count)
        #expect(isWhole)
    }

    @Test("H22 one receive that TLS has made larger than the room: the rest waits, and nothing is lost")
    func more() throws {
        let relayed = try RelayedSession(now: SystemClock.monotonic())
        let frames = (0..<40).map { TestFrame.binary([UInt8](repeating: UInt8($0), count: 2000)) }
        relayed.clientSends(bytes: frames.flatMap(\.masked.bytes))
        #expect(relayed.upstream.channel.queuedBytes <= Self.limit + Self.beside)
        #expect(!relayed.client.channel.isReading)
        relayed.client.write(TestFrame.binary([1]).masked.bytes)
        var seen: [UInt8] = []
        for _ in 0..<4 {
            turn(relayed)
            seen += relayed.upstream.read()
        }
        let isWhole = TestFrame.all(in: seen)?.map(\.unmasked) == frames + [.binary([1])]
        #expect(isWhole)
    }

    @Test("H22 messages that a rule makes larger: one receive of them queues a message over the limit at most")
    func grown() throws {
        let relayed = try RelayedSession([Self.growing], now: SystemClock.monotonic())
        let bytes = Array(repeating: TestFrame.text("a").bytes, count: 20_000).flatMap { $0 }
        relayed.upstreamSends(bytes: bytes)
        #expect(relayed.client.channel.queuedBytes <= Self.limit + 102 + Self.beside)
        #expect(!relayed.upstream.channel.isReading)
    }

    @Test("H21 H22 pongs count as well: a flood of pings in one receive fills the queue no further than its limit")
    func pongs() throws {
        let relayed = try RelayedSession(now: SystemClock.monotonic())
        let pings = Array(repeating: TestFrame.ping([]).bytes, count: 30_000).flatMap { $0 }
        relayed.upstreamSends(bytes: pings + TestFrame.ping([7]).bytes)
        #expect(relayed.upstream.channel.queuedBytes <= Self.limit + Self.beside)
        var pongs: [UInt8] = []
        for _ in 0..<4 {
            turn(relayed)
            pongs += relayed.upstream.read()
        }
        // Of those that had to wait the newest is answered.
        #expect(try #require(TestFrame.all(in: pongs)).last?.unmasked == .pong([7]))
    }

    @Test("H22 one that takes nothing of what waits is given up at the write deadline")
    func writeDeadline() throws {
        let relayed = try RelayedSession(now: SystemClock.monotonic())
        _ = relayed.client.block()
        let timeouts = relayed.relay.terms.timeouts
        let deadline =
            relayed.client.channel.blockedSince + (timeouts.pingInterval + timeouts.pongTimeout).nanoseconds
        #expect(relayed.relay.writeDeadline(of: relayed.client.channel) == deadline)
        relayed.relay.deadlinePassed(now: deadline - 1)
        #expect(relayed.relay.ending == nil)
        relayed.relay.deadlinePassed(now: deadline)
        #expect(relayed.relay.ending?.reason == "write-timeout")
    }
}
