import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

/// Two lanes under random frames, cut at random, against a model that knows nothing of bytes.
@Suite struct LanePropertyTests {
    private static let rules = [
        Fixtures.rule("drop", .text(.literal("drop")), .drop),
        Fixtures.rule("swap", .text(.literal("swap")), Fixtures.replace("swap", "much longer than before")),
    ]
    /// Used up again and again: who waits loses nothing.
    private static let rates = [
        Fixtures.rate(.messages, 1, from: .both, then: .delay), Fixtures.rate(.bytes, 20, from: .both, then: .delay),
    ]

    @Test("whatever frames come in whatever pieces, what the model says comes out", arguments: 0..<300)
    func model(seed: Int) throws {
        var random = SeededNumbers(seed: UInt64(seed))
        let inspects = seed % 2 == 0
        let run = try LaneRun(
            inspects ? Self.rules : [], rates: seed % 3 == 0 ? Self.rates : [],
            limit: [64, 300, 64 * 1024].randomElement(using: &random) ?? 64)
        let client = FrameStream(from: .client, &random)
        let upstream = FrameStream(from: .server, &random)
        try #require(run.feed(client.bytes, upstream.bytes, &random))
        try check(run.atUpstream, of: client, inspects, key: true)
        try check(run.atClient, of: upstream, inspects, key: false)
        try checkPongs(run.atClient, of: client)
        try checkPongs(run.atUpstream, of: upstream)
    }

    private func check(_ bytes: [UInt8], of stream: FrameStream, _ inspects: Bool, key: Bool) throws {
        let frames = try #require(TestFrame.all(in: bytes))
        #expect(frames.allSatisfy { ($0.key != nil) == key })
        let data = frames.filter { $0.opcode < 8 }.map(\.unmasked)
        #expect(data == (inspects ? stream.messages.flatMap(Self.ruled) : stream.data))
    }

    /// Pongs that wait are overtaken by newer ones (RFC 6455 section 5.5.3), and the newest is always sent.
    private func checkPongs(_ bytes: [UInt8], of stream: FrameStream) throws {
        let pongs = try #require(TestFrame.all(in: bytes)).filter { $0.opcode == 10 }.map(\.payload)
        var rest = stream.pings[...]
        for pong in pongs {
            let place = try #require(rest.firstIndex(of: pong), "a pong that nobody asked for, or too late")
            rest = rest[(place + 1)...]
        }
        #expect(pongs.last == stream.pings.last)
    }

    /// What is no text streams, since no rule looks at it.
    private static func ruled(_ message: FrameStream.Message) -> [TestFrame] {
        guard message.isText else { return message.fragments }
        let text = String(decoding: message.fragments.flatMap(\.payload), as: UTF8.self)
        if text.contains("drop") { return [] }
        let parts = text.split(separator: "swap", omittingEmptySubsequences: false)
        return [.text(parts.joined(separator: "much longer than before"))]
    }
}

/// Messages in fragments with control frames between, as one peer sends them.
private struct FrameStream {
    struct Message {
        let isText: Bool
        var fragments: [TestFrame] = []
    }

    private(set) var bytes: [UInt8] = []
    private(set) var messages: [Message] = []
    var data: [TestFrame] { messages.flatMap(\.fragments) }
    private(set) var pings: [[UInt8]] = []

    private static let words = ["a", "drop", "swap", "Grüße", "漢字", "🙂", " ", "sw", "ap", ""]

    init(from sender: FrameParser.Sender, _ random: inout SeededNumbers) {
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let isText = Bool.random(using: &random)
            let payload = isText ? Self.text(&random) : Self.binary(&random)
            messages.append(Message(isText: isText))
            add(payload, isText ? 1 : 2, sender, &random)
        }
    }

    private static func text(_ random: inout SeededNumbers) -> [UInt8] {
        let count = Int.random(in: 0...30, using: &random)
        return (0..<count).flatMap { _ in Array((words.randomElement(using: &random) ?? "").utf8) }
    }

    private static func binary(_ random: inout SeededNumbers) -> [UInt8] {
        let sizes = [0, 1, 125, 126, 127, 700, 65_535, 65_536]
        let count = sizes[Int.random(in: 0..<(Int.random(in: 0..<20, using: &random) == 0 ? 8 : 6), using: &random)]
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// Appends a message in one to four fragments, cut anywhere, with pings and pongs before each.
    private mutating func add(
        _ payload: [UInt8], _ opcode: UInt8, _ sender: FrameParser.Sender, _ random: inout SeededNumbers
    ) {
        let inner = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            Int.random(in: 0...payload.count, using: &random)
        }
        let cuts = [0] + inner.sorted() + [payload.count]
        for (index, (start, end)) in zip(cuts, cuts.dropFirst()).enumerated() {
            if Int.random(in: 0..<3, using: &random) == 0 {
                // Numbered, so that each is known from all others.
                let ping = [UInt8(pings.count)] + [UInt8](repeating: 7, count: Int.random(in: 0...124, using: &random))
                pings.append(ping)
                send(.ping(ping), sender, &random)
            }
            if Int.random(in: 0..<5, using: &random) == 0 { send(.pong([1]), sender, &random) }
            let frame = TestFrame(
                isFinal: end == payload.count && index == cuts.count - 2, opcode: index == 0 ? opcode : 0,
                payload: Array(payload[start..<end]))
            messages[messages.count - 1].fragments.append(frame)
            send(frame, sender, &random)
        }
    }

    private mutating func send(_ frame: TestFrame, _ sender: FrameParser.Sender, _ random: inout SeededNumbers) {
        var frame = frame
        if sender == .client { frame.key = (0..<4).map { _ in UInt8.random(in: 0...255, using: &random) } }
        bytes += frame.bytes
    }
}

/// Two lanes fed in turns, and all that comes out of them.
private final class LaneRun {
    private let lanes: Lanes
    private(set) var atClient: [UInt8] = []
    private(set) var atUpstream: [UInt8] = []

    init(_ rules: [MessageRule], rates: [RouteRate], limit: Int) throws {
        lanes = try Lanes(rules, rates: rates, messageBytes: 1 << 20)
        lanes.toClient = Outlet(channel: lanes.client.channel, masks: false, limit: limit)
        lanes.toUpstream = Outlet(channel: lanes.upstream.channel, masks: true, limit: limit)
    }

    /// False where a lane ends.
    func feed(_ client: [UInt8], _ upstream: [UInt8], _ random: inout SeededNumbers) -> Bool {
        var (fromClient, fromUpstream) = (client[...], upstream[...])
        let longest = [3, 50, 5000, 200_000].randomElement(using: &random) ?? 50
        while !fromClient.isEmpty || !fromUpstream.isEmpty {
            let count = Int.random(in: 1...longest, using: &random)
            let isClient = fromUpstream.isEmpty || (!fromClient.isEmpty && Bool.random(using: &random))
            let piece = isClient ? fromClient.prefix(count) : fromUpstream.prefix(count)
            if isClient {
                fromClient = fromClient.dropFirst(count)
            } else {
                fromUpstream = fromUpstream.dropFirst(count)
            }
            guard receive(Array(piece), isClient) else { return false }
        }
        return true
    }

    private func receive(_ piece: [UInt8], _ isClient: Bool) -> Bool {
        var rest = piece
        while true {
            let outcome =
                isClient
                ? lanes.fromClient.receive(
                    rest.span, to: &lanes.toUpstream, back: &lanes.toClient, discards: false, worker: lanes.worker,
                    random: &lanes.worker.random)
                : lanes.fromUpstream.receive(
                    rest.span, to: &lanes.toClient, back: &lanes.toUpstream, discards: false, worker: lanes.worker,
                    random: &lanes.worker.random)
            settle()
            switch outcome {
            case .goOn: return true
            case .held(let place), .renewal(_, let place): rest.removeFirst(place)
            case .closed, .failed, .denied, .exceeded: return false
            }
            if isClient {
                _ = lanes.fromClient.release(at: .max)
            } else {
                _ = lanes.fromUpstream.release(at: .max)
            }
        }
    }

    /// Flushes, reads what has come out, and sends what had to wait, as a relay does.
    private func settle() {
        for _ in 0..<2 {
            lanes.worker.flushDirty()
            atClient += lanes.client.read()
            atUpstream += lanes.upstream.read()
            for channel in [lanes.client.channel, lanes.upstream.channel] where channel.isBlocked { channel.flush() }
            lanes.toClient.sendPending(&lanes.worker.random)
            lanes.toUpstream.sendPending(&lanes.worker.random)
        }
        while lanes.client.channel.queuedBytes + lanes.upstream.channel.queuedBytes > 0 {
            lanes.client.channel.flush()
            lanes.upstream.channel.flush()
            atClient += lanes.client.read()
            atUpstream += lanes.upstream.read()
        }
    }
}
