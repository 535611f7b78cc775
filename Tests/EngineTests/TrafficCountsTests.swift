import Testing
import WebSocketProtocol

@testable import Engine

extension Counts {
    /// A counter or a gauge of those labels; nil where there is none.
    subscript(metric: Metric, _ labels: String...) -> Int64? { numbers[Series(metric, labels)] }
}

@Suite struct TrafficCountsTests {
    @Test("messages and their bytes by direction and kind, however they are cut, and control frames between")
    func lanes() throws {
        let lanes = try Lanes()
        let fromClient =
            TestFrame.text("héllo").masked.bytes + TestFrame.ping([1, 2]).masked.bytes
            + TestFrame.binary([1, 2, 3]).masked.bytes
        lanes.clientSends(fromClient, pieces: 1)
        lanes.upstreamSends(TestFrame.text("hi").bytes + TestFrame.text("").bytes)
        lanes.upstreamSends(TestFrame.close(1000, "bye").bytes)
        let counts = lanes.worker.traffic.counts
        #expect(counts[.messages, "from_client", "text"] == 1 && counts[.messageBytes, "from_client", "text"] == 6)
        #expect(counts[.messages, "from_client", "binary"] == 1)
        #expect(counts[.messageBytes, "from_client", "binary"] == 3)
        #expect(counts[.messages, "from_client", "ping"] == 1 && counts[.messageBytes, "from_client", "ping"] == 2)
        #expect(counts[.messages, "from_upstream", "text"] == 2 && counts[.messageBytes, "from_upstream", "text"] == 2)
        #expect(counts[.messages, "from_upstream", "close"] == 1)
        #expect(counts[.messageBytes, "from_upstream", "close"] == 5)
        #expect(counts[.messages, "from_upstream", "binary"] == 0 && counts[.messages, "from_client", "pong"] == 0)
        #expect(lanes.fromClient.messages == 2 && lanes.fromClient.payloadBytes == 9)
    }

    @Test("fragments are of the message that they belong to, and count once")
    func fragments() throws {
        let lanes = try Lanes()
        let fragments = [
            TestFrame.binary([1, 2], isFinal: false), TestFrame.continuation([3]),
        ]
        lanes.clientSends(fragments.flatMap(\.masked.bytes))
        let counts = lanes.worker.traffic.counts
        #expect(counts[.messages, "from_client", "binary"] == 1 && counts[.messages, "from_client", "text"] == 0)
        #expect(counts[.messageBytes, "from_client", "binary"] == 3)
    }
}
