import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

/// DESIGN's engine rules: no allocation per message in the steady state.
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
        let rule = Fixtures.rule("never", MessageCondition(textContains: "no message holds this"), .drop)
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
}
