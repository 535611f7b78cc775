import Compression
import Middleware
import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

/// Lanes of connections that have agreed on permessage-deflate.
@Suite struct LaneCompressionTests {
    private static let forgetful = PerMessageDeflateAgreement(
        serverNoContextTakeover: true, clientNoContextTakeover: true)
    private static let both = RelayCompression.ends(forgetful, forgetful, InflationSettings())
    private static let word = Array("portcullis ".utf8)
    private static let long = TestFrame(opcode: 1, payload: Array([[UInt8]](repeating: word, count: 100).joined()))

    /// One that reads every message, and edits some.
    private static let swapping = [
        Fixtures.rule("swap", .text(.literal("portcullis")), Fixtures.replace("portcullis", "drawbridge")),
        Fixtures.rule("drop", .text(.literal("secret")), .drop),
    ]

    /// The frame of a message that refers to no other one.
    private static func compressed(_ frame: TestFrame) throws -> TestFrame {
        var deflater = try Deflater(windowBits: 15, level: 6)
        var (output, frame) = ([UInt8](), frame)
        #expect(deflater.deflate(frame.payload.span, into: &output, level: 6, keepsContext: false))
        (frame.payload, frame.isCompressed) = (output, true)
        return frame
    }

    private static func inflated(_ frame: TestFrame) throws -> TestFrame {
        guard frame.isCompressed else { return frame }
        var inflater = try Inflater(windowBits: 15)
        var (output, frame) = ([UInt8](), frame)
        try inflater.inflate(frame.payload.span, into: &output, limit: 1 << 20, keepsContext: false)
        (frame.payload, frame.isCompressed) = (output, false)
        return frame
    }

    @Test("compressed frames pass as they are where client and upstream have agreed", arguments: [1, 5, Int.max])
    func passthrough(pieces: Int) throws {
        let lanes = try Lanes(compression: .passes)
        var first = TestFrame.text("no deflate at all", isFinal: false)
        first.isCompressed = true
        let frames = [
            first, .continuation([0xff, 0xc3], isFinal: true), .text("plain"), try Self.compressed(Self.long),
        ]
        #expect(lanes.clientSends(frames.flatMap(\.masked.bytes), pieces: pieces).goesOn)
        #expect(try lanes.atUpstream().map(\.unmasked) == frames)
        #expect(lanes.upstreamSends(frames.flatMap(\.bytes), pieces: pieces).goesOn)
        #expect(try lanes.atClient() == frames)
    }

    @Test("what passes compressed counts as it comes")
    func passthroughLimit() throws {
        let lanes = try Lanes(messageBytes: 100, compression: .passes)
        var frame = TestFrame.binary([UInt8](repeating: 0, count: 100))
        frame.isCompressed = true
        #expect(lanes.clientSends(frame.masked.bytes).goesOn)
        frame.payload.append(0)
        #expect(lanes.clientSends(frame.masked.bytes).failure == .messageTooBig)
    }

    @Test(
        "a compressed message goes on as it came, whole, where no rule edits it", arguments: [1, 5, Int.max],
        [false, true])
    func passesOn(pieces: Int, inspects: Bool) throws {
        let lanes = try Lanes(inspects ? [Self.swapping[1]] : [], compression: Self.both)
        let compressed = try Self.compressed(Self.long)
        let cut = [
            TestFrame(
                isFinal: false, opcode: 1, payload: Array(compressed.payload.prefix(7)), isCompressed: true),
            .continuation(Array(compressed.payload.dropFirst(7)), isFinal: true),
        ]
        let frames = [compressed, .text("plain")] + cut
        #expect(lanes.clientSends(frames.flatMap(\.masked.bytes), pieces: pieces).goesOn)
        #expect(try lanes.atUpstream().map(\.unmasked) == [compressed, .text("plain"), compressed])
        #expect(lanes.upstreamSends(frames.flatMap(\.bytes), pieces: pieces).goesOn)
        #expect(try lanes.atClient() == [compressed, .text("plain"), compressed])
    }

    @Test func `rules read what a compressed message inflates to, and what they make of it is compressed again`() throws
    {
        let lanes = try Lanes(Self.swapping, compression: Self.both)
        let secret = TestFrame.text("a secret, a secret, a secret, a secret, a secret")
        #expect(try lanes.clientSends(Self.compressed(secret).masked.bytes).goesOn)
        #expect(try lanes.clientSends(Self.compressed(Self.long).masked.bytes).goesOn)
        let out = try lanes.atUpstream().map(\.unmasked)
        #expect(out.count == 1 && out[0].isCompressed)
        let text = String(decoding: try Self.inflated(out[0]).payload, as: UTF8.self)
        #expect(text == String(repeating: "drawbridge ", count: 100))
    }

    @Test func `each side has what it has agreed on`() throws {
        let compressed = try Self.compressed(Self.long)
        let toClient = try Lanes(compression: .ends(Self.forgetful, nil, InflationSettings()))
        #expect(toClient.clientSends(compressed.masked.bytes).goesOn)
        #expect(try toClient.atUpstream().map(\.unmasked) == [Self.long])
        // What is short streams on as it is.
        let short = TestFrame.text(String(repeating: "a", count: 255))
        #expect(toClient.upstreamSends(Self.long.bytes + short.bytes).goesOn)
        let out = try toClient.atClient()
        #expect(out.map(\.isCompressed) == [true, false])
        #expect(try out.map(Self.inflated) == [Self.long, short])
        #expect(toClient.upstreamSends(compressed.bytes).failure == .protocolViolation("reserved bit set"))

        let toUpstream = try Lanes(compression: .ends(nil, Self.forgetful, InflationSettings()))
        #expect(toUpstream.upstreamSends(compressed.bytes).goesOn)
        #expect(try toUpstream.atClient() == [Self.long])
        #expect(toUpstream.clientSends(Self.long.masked.bytes).goesOn)
        let sent = try toUpstream.atUpstream().map(\.unmasked)
        #expect(sent.map(\.isCompressed) == [true])
        #expect(try sent.map(Self.inflated) == [Self.long])
        #expect(toUpstream.clientSends(compressed.masked.bytes).failure == .protocolViolation("reserved bit set"))
    }

    @Test("a message in fragments, long or not, is compressed whole")
    func fragments() throws {
        let lanes = try Lanes(compression: .ends(nil, Self.forgetful, InflationSettings()))
        let half = Array(Self.long.payload.prefix(500))
        let frames = [
            TestFrame(isFinal: false, opcode: 1, payload: half),
            .continuation(Array(Self.long.payload.dropFirst(500)), isFinal: true), .text("a", isFinal: false),
            .continuation([], isFinal: true),
        ]
        #expect(lanes.clientSends(frames.flatMap(\.masked.bytes), pieces: 9).goesOn)
        let sent = try lanes.atUpstream().map(\.unmasked)
        #expect(sent.map(\.isCompressed) == [true, false])
        #expect(try sent.map(Self.inflated) == [Self.long, .text("a")])
    }

    @Test(
        "H18 the cap counts what a message inflates to: exactly the cap passes, one byte more is too big",
        arguments: [false, true])
    func cap(inspects: Bool) throws {
        for (count, passes) in [(1000, true), (1001, false)] {
            let lanes = try Lanes(inspects ? Self.swapping : [], messageBytes: 1000, compression: Self.both)
            let frame = try Self.compressed(TestFrame.binary([UInt8](repeating: 7, count: count)))
            let outcome = lanes.clientSends(frame.masked.bytes)
            #expect(outcome.failure == (passes ? nil : .messageTooBig))
            #expect(try lanes.atUpstream().map(\.unmasked) == (passes ? [frame] : []))
            #expect(lanes.fromClient.isOver == !passes)
        }
    }

    @Test("H18 what cannot be compressed may be a little longer than the cap as it comes")
    func incompressible() throws {
        let lanes = try Lanes(messageBytes: 1000, compression: Self.both)
        var random = SeededNumbers(seed: 3)
        let noise = (0..<1000).map { _ in UInt8.random(in: 0...255, using: &random) }
        // In ten blocks without compression.
        let blocks = stride(from: 0, to: 1000, by: 100).map { start -> [UInt8] in
            [0, 100, 0, 155, 255] + noise[start..<(start + 100)]
        }
        var frame = TestFrame.binary(blocks.joined() + [0])
        frame.isCompressed = true
        #expect(lanes.clientSends(frame.masked.bytes).goesOn)
        #expect(try lanes.atUpstream().map(\.unmasked) == [frame])
        frame.payload = [UInt8](repeating: 0, count: 1190)
        #expect(lanes.clientSends(frame.masked.bytes).failure == .messageTooBig)
    }

    @Test(
        "H19 H20 what a compressed message must not be, nothing of it forwarded",
        arguments: [
            ([0xc9, 0x80, 0, 0, 0, 0], FrameError.protocolViolation("compressed control frame")),
            ([0xa1, 0x80, 0, 0, 0, 0], .protocolViolation("reserved bit set")),
            (
                [0x41, 0x80, 0, 0, 0, 0, 0xc0, 0x80, 0, 0, 0, 0],
                .protocolViolation("compressed bit in the middle of a message")
            ),
            ([0xc2, 0x81, 0, 0, 0, 0, 0x06], .protocolViolation("compressed data that is not deflate")),
            ([0xc1, 0x80, 0, 0, 0, 0], .protocolViolation("compressed data that is not deflate")),
            ([0xc1, 0x87, 0, 0, 0, 0, 0, 1, 0, 0xfe, 0xff, 0xff, 0], .invalidUTF8),
        ] as [([UInt8], FrameError)])
    func violations(bytes: [UInt8], error: FrameError) throws {
        let lanes = try Lanes(compression: Self.both)
        #expect(lanes.clientSends(bytes, pieces: 1).failure == error)
        #expect(lanes.bytesAtUpstream().isEmpty)
        #expect(lanes.fromClient.isOver)
    }

    @Test("what inflates to more than there is room for holds its sender up after each message")
    func growth() throws {
        let lanes = try Lanes(messageBytes: 1 << 20, compression: .ends(Self.forgetful, nil, InflationSettings()))
        lanes.toUpstream = Outlet(channel: lanes.upstream.channel, masks: true, limit: 1000)
        let frame = try Self.compressed(TestFrame.binary([UInt8](repeating: 7, count: 5000))).masked.bytes
        #expect(frame.count * 3 < 1000)
        let outcome = lanes.clientSends(frame + frame + frame)
        guard case .held(let place) = outcome else {
            Issue.record("not held: \(outcome)")
            return
        }
        #expect(place == frame.count)
        #expect(try lanes.atUpstream().count == 1)
    }

    @Test func `windows that are kept pass from message to message`() throws {
        let keeping = PerMessageDeflateAgreement()
        let settings = InflationSettings(contextTakeover: true, windowBits: 15)
        let lanes = try Lanes(Self.swapping, compression: .ends(keeping, keeping, settings))
        var sender = try Deflater(windowBits: 15, level: 6)
        var receiver = try Inflater(windowBits: 15)
        var lengths: [Int] = []
        for count in [40, 41, 42] {
            let text = String(repeating: "portcullis ", count: count)
            var wire: [UInt8] = []
            #expect(sender.deflate(Array(text.utf8).span, into: &wire, level: 6, keepsContext: true))
            let frame = TestFrame(opcode: 1, payload: wire, isCompressed: true)
            #expect(lanes.clientSends(frame.masked.bytes).goesOn)
            let sent = try #require(try lanes.atUpstream().first).unmasked
            #expect(sent.isCompressed)
            var output: [UInt8] = []
            try receiver.inflate(sent.payload.span, into: &output, limit: 1 << 20, keepsContext: true)
            #expect(String(decoding: output, as: UTF8.self) == String(repeating: "drawbridge ", count: count))
            lengths.append(sent.payload.count)
        }
        #expect(lengths[1] < lengths[0])
    }

    @Test("a message that a rate drops is inflated where those behind it refer to it", arguments: [1, Int.max])
    func droppedByRate(pieces: Int) throws {
        let settings = InflationSettings(contextTakeover: true, windowBits: 15)
        let keeping = PerMessageDeflateAgreement()
        var rate = Fixtures.rate(.messages, 1, then: .drop)
        rate.limit.rate.period = .milliseconds(1)
        let lanes = try Lanes(rates: [rate], compression: .ends(keeping, nil, settings))
        var sender = try Deflater(windowBits: 15, level: 6)
        func send(_ text: String) throws {
            var wire: [UInt8] = []
            try #require(sender.deflate(Array(text.utf8).span, into: &wire, level: 6, keepsContext: true))
            let frame = TestFrame(opcode: 1, payload: wire, isCompressed: true)
            #expect(lanes.clientSends(frame.masked.bytes, pieces: pieces).goesOn)
        }
        let words = String(repeating: "portcullis ", count: 40)
        try send(words)
        try send(words + "dropped")
        #expect(try lanes.atUpstream().map(\.unmasked) == [.text(words)])
        // A turn is over when its deadline has passed, and time stands still until the next.
        let later = lanes.worker.now + 1_000_000
        lanes.worker.setDeadline(later, for: .drain)
        while lanes.worker.now < later { lanes.worker.turn() }
        try send(words + "dropped and more")
        #expect(try lanes.atUpstream().map(\.unmasked) == [.text(words + "dropped and more")])
        #expect(lanes.fromClient.gate.hits(of: 0) == 1)
    }

    #if DEBUG
        private static let settings: [InflationSettings] = []
    #else
        private static let settings = [
            InflationSettings(), InflationSettings(contextTakeover: true), InflationSettings(level: 9),
        ]
    #endif

    @Test("compressed messages allocate nothing once the streams are there, in an optimised build", arguments: settings)
    func steadyState(settings: InflationSettings) throws {
        let keeping = PerMessageDeflateAgreement()
        let lanes = try Lanes(compression: .ends(keeping, keeping, settings))
        let deflating = try Lanes(compression: .ends(nil, keeping, settings))
        let compressed = try Self.compressed(Self.long).masked.bytes
        let plain = Self.long.masked.bytes
        var sink = [UInt8](repeating: 0, count: 65536)
        func relay(_ count: Int) {
            for _ in 0..<count {
                for (lanes, bytes) in [(lanes, compressed), (deflating, plain)] {
                    _ = lanes.fromClient.receive(
                        bytes.span, to: &lanes.toUpstream, back: &lanes.toClient, discards: false, worker: lanes.worker,
                        random: &lanes.worker.random)
                    lanes.worker.flushDirty()
                    lanes.upstream.skip(&sink)
                }
            }
        }
        relay(100)
        #expect((allocations { relay(1000) } ?? 0) <= 1000, "the test's own array of lanes, and no more")
    }
}
