import Middleware
import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

/// No allocation per message in the steady state.
@Suite struct SteadyStateTests {
    /// Relays `count` messages each way and reads them at the far ends, with buffers that were there before.
    private func relay(
        _ lanes: Lanes, _ fromClient: [UInt8], _ fromUpstream: [UInt8], _ sink: inout [UInt8], count: Int
    ) {
        for _ in 0..<count {
            _ = lanes.fromClient.receive(
                fromClient.span, to: &lanes.toUpstream, back: &lanes.toClient, discards: false, worker: lanes.worker,
                random: &lanes.worker.random)
            _ = lanes.fromUpstream.receive(
                fromUpstream.span, to: &lanes.toClient, back: &lanes.toUpstream, discards: false, worker: lanes.worker,
                random: &lanes.worker.random)
            lanes.worker.flushDirty()
            lanes.upstream.skip(&sink)
            lanes.client.skip(&sink)
        }
    }

    #if DEBUG
        // Unoptimised, `append(contentsOf: repeatElement(…))` of a message's bytes goes through boxes, one for each byte:
        // what an inspecting lane allocates is seen in a release build alone.
        private static let inspections = [false]
    #else
        private static let inspections = [false, true]
    #endif

    @Test(
        "relaying allocates nothing, streamed, with pings between, and inspected where the build is optimised",
        arguments: inspections, [16, 1024, 40_000])
    func nothing(inspects: Bool, size: Int) throws {
        let rule = Fixtures.rule("never", .text(.literal("no message holds this")), .drop)
        let lanes = try Lanes(inspects ? [rule] : [])
        let text = TestFrame.text(String(repeating: "a", count: size))
        let fromClient = text.masked.bytes + TestFrame.ping([1, 2, 3]).masked.bytes
        let fromUpstream = text.bytes
        var sink = [UInt8](repeating: 0, count: 65536)
        // The first ones fill the pools.
        relay(lanes, fromClient, fromUpstream, &sink, count: 100)
        let count = allocations { relay(lanes, fromClient, fromUpstream, &sink, count: 2000) }
        #expect((count ?? 0) == 0)
    }

    @Test("counting allocates nothing, whoever has the bucket", arguments: TrafficLimit.Key.allCases)
    func nothingForRates(key: TrafficLimit.Key) throws {
        let rates = TrafficLimit.Excess.allCases.flatMap { excess in
            RouteRate.Unit.allCases.map { Fixtures.rate($0, 1 << 30, key: key, from: .both, then: excess) }
        }
        let lanes = try Lanes(rates: rates + [Fixtures.rate(.messages, 1, key: key, then: .drop)])
        let text = TestFrame.text(String(repeating: "a", count: 1024))
        var sink = [UInt8](repeating: 0, count: 65536)
        relay(lanes, text.masked.bytes, text.bytes, &sink, count: 100)
        let (fromClient, fromUpstream) = (text.masked.bytes, text.bytes)
        let count = allocations { relay(lanes, fromClient, fromUpstream, &sink, count: 2000) }
        #expect((count ?? 0) == 0)
        #expect(lanes.fromClient.gate.hits(of: rates.count) > 2000)
    }

    /// Has the client say `message` over TLS, and the upstream answer it, so many times; both are read at their far ends.
    private func exchange(
        _ lanes: Lanes, over client: Channel, _ far: Sink, _ message: (masked: [UInt8], plain: [UInt8]),
        _ sink: inout [UInt8], count: Int
    ) {
        for _ in 0..<count {
            client.append(message.masked.count) { Self.copy(message.masked.span, into: &$0) }
            lanes.worker.flushDirty()
            var arrived = 0
            while arrived < message.masked.count {
                lanes.worker.turn()
                arrived += lanes.upstream.skip(&sink)
            }
            let expected = far.count + message.plain.count
            lanes.upstream.write(message.plain)
            while far.count < expected { lanes.worker.turn() }
        }
    }

    private static func copy(_ source: Span<UInt8>, into target: inout MutableSpan<UInt8>) {
        for index in source.indices { target[index] = source[index] }
    }

    @Test(
        "a message allocates nothing on its way through TLS, epoll and sockets, in OpenSSL neither",
        arguments: [16, 1024, 20_000])
    func nothingOverTLS(size: Int) throws {
        let lanes = try Lanes()
        let pair = try SecurePair(lanes.worker)
        pair.shakeHands()
        let (carrier, far) = (Carrier(lanes, client: pair.server.channel), Sink())
        let carried = [pair.server.channel, lanes.upstream.channel]
        for channel in carried { channel.hand(to: carrier) }
        // They hold what carries for them, and that holds them.
        defer { for channel in carried { channel.close() } }
        pair.client.channel.hand(to: far)
        lanes.toClient = Outlet(channel: pair.server.channel, masks: false)
        let text = TestFrame.text(String(repeating: "a", count: size))
        let message = (masked: text.masked.bytes, plain: text.bytes)
        var sink = [UInt8](repeating: 0, count: 65536)
        // The first ones fill the pools, and the tickets that follow a handshake come with them.
        exchange(lanes, over: pair.client.channel, far, message, &sink, count: 100)
        let count = allocations {
            exchange(lanes, over: pair.client.channel, far, message, &sink, count: 1000)
        }
        #expect((count ?? 0) == 0 && !carrier.isBroken)
    }

    /// What a relay does with what its channels receive, as long as all goes well.
    private final class Carrier: ChannelOwner {
        private let lanes: Lanes
        private let client: Channel
        private(set) var isBroken = false

        init(_ lanes: Lanes, client: Channel) {
            self.lanes = lanes
            self.client = client
        }

        override func channel(_ channel: Channel, received bytes: Span<UInt8>) {
            let outcome =
                channel === client
                ? lanes.fromClient.receive(
                    bytes, to: &lanes.toUpstream, back: &lanes.toClient, discards: false, worker: lanes.worker,
                    random: &lanes.worker.random)
                : lanes.fromUpstream.receive(
                    bytes, to: &lanes.toClient, back: &lanes.toUpstream, discards: false, worker: lanes.worker,
                    random: &lanes.worker.random)
            // An expectation for each would allocate.
            if !outcome.goesOn { isBroken = true }
        }
    }

    /// Counts what it receives.
    private final class Sink: ChannelOwner {
        var count = 0

        override func channel(_ channel: Channel, received bytes: Span<UInt8>) { count += bytes.count }
    }
}
