import Middleware
import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

/// A relay whose route has rates.
@Suite struct RelayRateTests {
    private let second: Nanoseconds = 1_000_000_000

    @Test("who exceeds a rate gets 1008 and its reason; it and the rate are in the log", arguments: [true, false])
    func close(fromClient: Bool) throws {
        let rate = Fixtures.rate(.messages, 1, from: fromClient ? .client : .upstream)
        let relayed = try RelayedSession(rates: [Fixtures.rate(.bytes, 1000, from: .both), rate])
        if fromClient {
            relayed.clientSends(.text("a"), .text("b"))
        } else {
            relayed.upstreamSends(.text("a"), .text("b"))
        }
        let cause = TestFrame.close(1008, "message-rate-exceeded")
        let (client, upstream) = (try relayed.atClient(), try relayed.atUpstream())
        #expect(client == (fromClient ? [cause] : [.text("a"), cause]))
        #expect(upstream == (fromClient ? [.text("a"), .close(1001)] : [cause]))
        #expect(relayed.relay.ending?.reason == "message-rate-exceeded" && relayed.relay.ending?.rule == "message_rate")
        var facts = relayed.session.facts
        facts.close(relayed.relay, now: 0)
        let line = String(decoding: facts.line(unixMilliseconds: 0), as: UTF8.self)
        #expect(line.contains(#""rules":[{"rule":"message_rate","count":1,"mode":"enforce"}]"#))
    }

    @Test("who must wait is not read until its time has come; what has come then passes, in order")
    func delay() throws {
        let start = SystemClock.monotonic()
        let relayed = try RelayedSession(rates: [Fixtures.rate(.messages, 1, then: .delay)], now: start)
        let now = relayed.host.worker.now
        relayed.clientSends(.text("a"), .text("b"), .text("c"))
        #expect(try relayed.atUpstream() == [.text("a")])
        #expect(!relayed.client.channel.isReading && relayed.upstream.channel.isReading)
        #expect(relayed.relay.deadline == now + second)
        // The other direction goes on, and changes nothing of the hold.
        relayed.upstreamSends(.text("x"))
        #expect(try relayed.atClient() == [.text("x")])
        relayed.relay.channelFlushed(relayed.client.channel)
        relayed.relay.channelFlushed(relayed.upstream.channel)
        #expect(!relayed.client.channel.isReading && relayed.relay.deadline == now + second)
        relayed.relay.deadlinePassed(now: now + second)
        #expect(relayed.client.channel.isReading)
        relayed.host.worker.turn()
        #expect(try relayed.atUpstream() == [.text("b")])
        // By the clock of that wake-up: its turn comes a second after that of the one before.
        #expect(!relayed.client.channel.isReading)
        #expect(relayed.relay.frames.fromClient.heldUntil == now + 2 * second)
        relayed.relay.deadlinePassed(now: now + 2 * second)
        relayed.host.worker.turn()
        #expect(try relayed.atUpstream() == [.text("c")])
        #expect(relayed.relay.ending == nil && relayed.client.channel.isReading)
    }

    @Test("the upstream waits as well")
    func upstreamDelay() throws {
        let relayed = try RelayedSession(
            rates: [Fixtures.rate(.bytes, 2, from: .upstream, then: .delay)], now: SystemClock.monotonic())
        let now = relayed.host.worker.now
        // One message, since the worker's own clock does not go as fast as this test.
        let (first, last) = (TestFrame.text("abc", isFinal: false), TestFrame.continuation([0x64]))
        relayed.upstreamSends(first, last)
        #expect(!relayed.upstream.channel.isReading && relayed.client.channel.isReading)
        #expect(try relayed.atClient() == [first])
        relayed.relay.deadlinePassed(now: now + second / 2)
        relayed.host.worker.turn()
        #expect(try relayed.atClient() == [last])
    }

    @Test("who waits is neither idle nor silent, and a message that it has begun is not late before its time")
    func patience() throws {
        let relayed = try RelayedSession(
            rates: [Fixtures.rate(.bytes, 1, then: .delay)], now: SystemClock.monotonic(),
            unixMilliseconds: (Fixtures.noon - 7200) * 1000)
        let now = relayed.host.worker.now
        relayed.clientSends(TestFrame(isFinal: false, opcode: 2, payload: Array(repeating: 0, count: 1801)))
        // Half an hour's worth, and the route's `idle` is ten minutes.
        #expect(relayed.relay.frames.fromClient.heldUntil == now + 1800 * second)
        #expect(relayed.relay.lastData == now + 1800 * second)
        for minute in 1..<30 {
            let time = now + Int64(minute) * 60 * second
            relayed.relay.frames.upstreamLife.heard(time)
            relayed.relay.deadlinePassed(now: time)
        }
        #expect(relayed.relay.ending?.reason == nil)
        relayed.relay.deadlinePassed(now: now + 1800 * second)
        #expect(relayed.client.channel.isReading && relayed.relay.ending == nil)
        relayed.relay.frames.upstreamLife.heard(now + 1829 * second)
        relayed.relay.frames.clientLife.heard(now + 1829 * second)
        relayed.relay.deadlinePassed(now: now + 1829 * second)
        #expect(relayed.relay.ending == nil)
        relayed.relay.deadlinePassed(now: now + 1830 * second)
        #expect(relayed.relay.ending?.reason == "message-timeout")
    }

    @Test(
        "that a peer hangs up is told where it waits for longer than the route lets a connection be silent",
        arguments: [(599, false), (601, true)])
    func hangup(seconds: Int, isWatched: Bool) throws {
        let relayed = try RelayedSession(
            rates: [Fixtures.rate(.bytes, 1, then: .delay)], now: SystemClock.monotonic())
        // The burst is one second's worth.
        let message = TestFrame.binary(Array(repeating: 0, count: seconds + 1))
        relayed.clientSends(message)
        #expect(!relayed.client.channel.isReading && relayed.client.channel.watchesHangup == isWatched)
        #expect(relayed.upstream.channel.isReading)
        let other = try RelayedSession(
            rates: [Fixtures.rate(.bytes, 1, from: .upstream, then: .delay)], now: SystemClock.monotonic())
        other.upstreamSends(message)
        #expect(!other.upstream.channel.isReading && other.upstream.channel.watchesHangup == isWatched)
    }

    @Test("an end does not wait: what the client has sent is read, up to its own close frame")
    func ending() throws {
        let relayed = try RelayedSession(
            rates: [Fixtures.rate(.messages, 1, from: .both, then: .delay)], now: SystemClock.monotonic())
        relayed.clientSends(.text("a"), .text("b"), .close(1000))
        #expect(!relayed.client.channel.isReading)
        relayed.session.revoke()
        #expect(relayed.client.channel.isReading)
        relayed.host.worker.turn()
        #expect(relayed.relay.frames.fromClient.isOver)
        #expect(try relayed.atClient() == [.close(1008, "token-revoked")])
        let other = try RelayedSession(
            rates: [Fixtures.rate(.messages, 1, from: .both, then: .delay)], now: SystemClock.monotonic())
        other.clientSends(.text("a"), .close(1000))
        other.upstreamSends(.text("b"), .text("c"), .close(1000))
        #expect(try other.atClient() == [.text("b"), .text("c"), .close(1000)])
    }

    @Test("subjects and addresses are told by what has let the connection in")
    func keys() throws {
        for key in [TrafficLimit.Key.subject, .address] {
            let host = try Host()
            let terms = Fixtures.route(rates: [Fixtures.rate(.messages, 1, key: key)]).terms
            let session = try host.session()
            var relays: [Relay] = []
            let wires = try (0..<4).map { _ in try Wire(host.worker) }
            for index in 0..<2 {
                relays.append(
                    Relay(
                        try Fixtures.admitted(), terms: terms, session: session, client: wires[index * 2].channel,
                        upstream: wires[index * 2 + 1].channel, now: 0, unixMilliseconds: Fixtures.noon * 1000))
            }
            relays[0].channel(wires[0].channel, received: TestFrame.text("a").masked.bytes.span)
            relays[1].channel(wires[2].channel, received: TestFrame.text("b").masked.bytes.span)
            #expect(relays.map { $0.ending?.reason } == [nil, "message-rate-exceeded"])
        }
    }
}
