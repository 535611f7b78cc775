import Middleware
import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

/// Two lanes and two outlets between the test's hands, as a relay has them.
final class Lanes {
    let worker: Worker
    let client: Wire
    let upstream: Wire
    var toClient: Outlet
    var toUpstream: Outlet
    var fromClient: Lane
    var fromUpstream: Lane

    init(
        _ rules: [MessageRule] = [], rates: [RouteRate] = [], messageBytes: Int = 64 * 1024, fragments: Int = 256,
        compression: RelayCompression = .none
    ) throws {
        worker = try Worker()
        client = try Wire(worker)
        upstream = try Wire(worker)
        toClient = Outlet(channel: client.channel, masks: false)
        toUpstream = Outlet(channel: upstream.channel, masks: true)
        let limits = MessageLimits(messageBytes: messageBytes, fragments: fragments)
        let compiled = MessageRules(rules)
        let gates = Fixtures.rates(rates).gates(of: TrafficOwner(address: .v4(1), identity: nil))
        fromClient = Lane(
            sender: .client, limits: limits,
            plan: MessagePlan(compiled, from: .client, of: try Fixtures.facts(), maximumBytes: messageBytes),
            gate: gates.fromClient, compression: compression)
        fromUpstream = Lane(
            sender: .server, limits: limits,
            plan: MessagePlan(compiled, from: .upstream, of: try Fixtures.facts(), maximumBytes: messageBytes),
            gate: gates.fromUpstream, compression: compression)
    }

    /// The client's bytes, in pieces of so many; ends with the first outcome that is one.
    @discardableResult
    func clientSends(_ bytes: [UInt8], pieces: Int = .max, discards: Bool = false) -> Lane.Outcome {
        for piece in Self.split(bytes, pieces) {
            let outcome = fromClient.receive(
                piece.span, to: &toUpstream, back: &toClient, discards: discards, worker: worker,
                random: &worker.random)
            guard case .goOn = outcome else { return outcome }
        }
        return .goOn
    }

    @discardableResult
    func upstreamSends(_ bytes: [UInt8], pieces: Int = .max) -> Lane.Outcome {
        for piece in Self.split(bytes, pieces) {
            let outcome = fromUpstream.receive(
                piece.span, to: &toClient, back: &toUpstream, discards: false, worker: worker, random: &worker.random)
            guard case .goOn = outcome else { return outcome }
        }
        return .goOn
    }

    private static func split(_ bytes: [UInt8], _ count: Int) -> [[UInt8]] {
        guard count < bytes.count else { return [bytes] }
        return stride(from: 0, to: bytes.count, by: count).map { Array(bytes[$0..<min(bytes.count, $0 + count)]) }
    }

    /// The bytes that have come out at the upstream's end by now.
    func bytesAtUpstream() -> [UInt8] {
        worker.flushDirty()
        return upstream.read()
    }

    func atUpstream() throws -> [TestFrame] { try #require(TestFrame.all(in: bytesAtUpstream())) }

    func atClient() throws -> [TestFrame] {
        worker.flushDirty()
        return try #require(TestFrame.all(in: client.read()))
    }
}

extension Lane.Outcome {
    var goesOn: Bool { if case .goOn = self { true } else { false } }
    var held: Int? { if case .held(let place) = self { place } else { nil } }
    var exceeded: (reason: CloseReason, rate: Int)? {
        if case .exceeded(let reason, let rate) = self { (reason, rate) } else { nil }
    }
    var closed: ClosePayload? { if case .closed(let payload) = self { payload } else { nil } }
    var failure: FrameError? { if case .failed(let error) = self { error } else { nil } }
}

@Suite struct LaneTests {
    /// One that reads every message and lets all pass.
    private static let inspecting = [
        Fixtures.rule("never", .json(JSONPointer(tokens: ["never"]), .exists), .drop)
    ]

    @Test(
        "messages come out as they went in, under fresh keys, however they are cut, streamed or inspected",
        arguments: [false, true], [1, 2, 3, 7, 1000, Int.max])
    func passes(inspects: Bool, pieces: Int) throws {
        let lanes = try Lanes(inspects ? Self.inspecting : [])
        let frames: [TestFrame] = [
            .text("hello"), .binary([]), .text(""), .text("Grüße 漢字"),
            .binary((0..<300).map { UInt8(truncatingIfNeeded: $0) }),
            .binary((0..<4000).map { UInt8(truncatingIfNeeded: $0 &* 3) }),
        ]
        #expect(lanes.clientSends(frames.flatMap(\.masked.bytes), pieces: pieces).goesOn)
        let out = try lanes.atUpstream()
        #expect(out.map(\.unmasked) == frames)
        #expect(Set(out.compactMap(\.key)).count == frames.count)
        #expect(!out.contains { $0.key == TestFrame.text("").masked.key })
        #expect(lanes.upstreamSends(frames.flatMap(\.bytes), pieces: pieces).goesOn)
        #expect(try lanes.atClient() == frames)
        let bytes = frames.map(\.payload.count).reduce(0, +)
        #expect(lanes.fromClient.messages == 6 && lanes.fromClient.payloadBytes == Int64(bytes))
        #expect(lanes.fromUpstream.messages == 6 && lanes.fromUpstream.payloadBytes == Int64(bytes))
    }

    private let fragments: [TestFrame] = [
        .text("ab", isFinal: false), .continuation([], isFinal: false), .continuation(Array("c".utf8), isFinal: true),
    ]

    @Test("a streaming lane keeps fragments; an inspecting one puts them together", arguments: [1, 4, Int.max])
    func fragments(pieces: Int) throws {
        let streaming = try Lanes()
        streaming.clientSends(fragments.flatMap(\.masked.bytes), pieces: pieces)
        #expect(try streaming.atUpstream().map(\.unmasked) == fragments)
        let inspecting = try Lanes(Self.inspecting)
        inspecting.clientSends(fragments.flatMap(\.masked.bytes), pieces: pieces)
        #expect(try inspecting.atUpstream().map(\.unmasked) == [.text("abc")])
    }

    @Test("a streaming lane passes on what has come of a frame; an inspecting one nothing before a message's end")
    func partial() throws {
        let bytes = TestFrame.binary(Array(repeating: 7, count: 100)).masked.bytes
        let streaming = try Lanes()
        streaming.clientSends(Array(bytes.prefix(56)))
        #expect(streaming.bytesAtUpstream().count == 56)
        #expect(streaming.toUpstream.isInsideFrame)
        let inspecting = try Lanes(Self.inspecting)
        inspecting.clientSends(Array(bytes.dropLast()))
        #expect(inspecting.bytesAtUpstream().isEmpty)
        inspecting.clientSends(Array(bytes.suffix(1)))
        #expect(try inspecting.atUpstream().count == 1)
    }

    @Test("a header waits for the first of its payload")
    func heldHeader() throws {
        let lanes = try Lanes()
        let bytes = TestFrame.text("abc").masked.bytes
        lanes.clientSends(Array(bytes.prefix(6)))
        #expect(lanes.bytesAtUpstream().isEmpty && !lanes.toUpstream.isInsideFrame)
        // So a ping of the gateway's own may still go before it.
        lanes.toUpstream.sendPing(1, &lanes.worker.random)
        lanes.clientSends(Array(bytes.dropFirst(6)))
        #expect(try lanes.atUpstream().map(\.unmasked) == [.ping([0, 0, 0, 1]), .text("abc")])
    }

    @Test("H20 a frame whose first bytes are not UTF-8 never begins on the other side", arguments: [1, 6, Int.max])
    func badFirst(pieces: Int) throws {
        let lanes = try Lanes()
        let good = TestFrame.text("ok").masked.bytes
        let bad = TestFrame(opcode: 1, payload: [0xff, 0x61]).masked.bytes
        #expect(lanes.clientSends(good + bad, pieces: pieces).failure == .invalidUTF8)
        #expect(try lanes.atUpstream().map(\.unmasked) == [.text("ok")])
        #expect(lanes.fromClient.isOver && !lanes.toUpstream.isInsideFrame)
    }

    @Test("H20 bad UTF-8 later on, and split over fragments, is found at its first byte")
    func badLater() throws {
        let lanes = try Lanes()
        let bytes = TestFrame(opcode: 1, payload: [0x61, 0xc3, 0x28, 0x62]).masked.bytes
        #expect(lanes.clientSends(Array(bytes.prefix(8))).goesOn)
        #expect(lanes.clientSends(Array(bytes[8..<9])).failure == .invalidUTF8)
        #expect(lanes.bytesAtUpstream().count == 8)
        for rules in [[], Self.inspecting] {
            let split = try Lanes(rules)
            let frames = [
                TestFrame(isFinal: false, opcode: 1, payload: [0xe2, 0x82]), .continuation([0x28], isFinal: true),
            ]
            #expect(split.clientSends(frames.flatMap(\.masked.bytes)).failure == .invalidUTF8)
        }
    }

    @Test(
        "H19 a peer's mistake ends the lane, and nothing of it passes", arguments: [[], inspecting],
        [
            TestFrame.text("a").bytes,
            [0xc1, 0x80, 0, 0, 0, 0],
            [0x83, 0x80, 0, 0, 0, 0],
            TestFrame.continuation([1]).masked.bytes,
            TestFrame(isFinal: false, opcode: 9, payload: []).masked.bytes,
        ])
    func violations(rules: [MessageRule], bytes: [UInt8]) throws {
        let lanes = try Lanes(rules)
        let outcome = lanes.clientSends(TestFrame.text("ok").masked.bytes + bytes)
        guard case .protocolViolation = outcome.failure else {
            Issue.record("not refused: \(outcome)")
            return
        }
        #expect(try lanes.atUpstream().map(\.unmasked) == [.text("ok")])
        #expect(lanes.fromClient.isOver)
    }

    @Test("H16 H17 too much is refused from its header alone, streamed or inspected", arguments: [[], inspecting])
    func tooBig(rules: [MessageRule]) throws {
        let lanes = try Lanes(rules, messageBytes: 100)
        #expect(lanes.clientSends([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4]).failure == .messageTooBig)
        #expect(lanes.bytesAtUpstream().isEmpty)
        let split = try Lanes(rules, messageBytes: 100)
        let parts: [TestFrame] = [
            .binary(Array(repeating: 1, count: 60), isFinal: false), .continuation(Array(repeating: 2, count: 41)),
        ]
        #expect(split.clientSends(parts.flatMap(\.masked.bytes)).failure == .messageTooBig)
        let many = try Lanes(rules, fragments: 2)
        let empty: [TestFrame] =
            [.binary([], isFinal: false)] + Array(repeating: .continuation([], isFinal: false), count: 2)
        #expect(many.clientSends(empty.flatMap(\.masked.bytes)).failure == .messageTooBig)
    }

    @Test(
        "control frames between fragments: pings are answered, pongs kept, the message is whole",
        arguments: [false, true])
    func interleaved(inspects: Bool) throws {
        let lanes = try Lanes(inspects ? Self.inspecting : [])
        let frames = [fragments[0], .ping([1]), fragments[1], .pong([2]), .ping([3]), fragments[2]]
        #expect(lanes.clientSends(frames.flatMap(\.masked.bytes), pieces: 1).goesOn)
        #expect(try lanes.atClient() == [.pong([1]), .pong([3])])
        #expect(try lanes.atUpstream().map(\.unmasked) == (inspects ? [.text("abc")] : fragments))
        // The upstream's pings are answered to it, masked.
        lanes.upstreamSends(TestFrame.ping([4]).bytes)
        let answer = try lanes.atUpstream()
        #expect(answer.map(\.unmasked) == [.pong([4])] && answer.first?.key != nil)
        #expect(try lanes.atClient().isEmpty)
    }

    @Test("a pong waits for the end of a frame that streams the same way")
    func pongDeferred() throws {
        let lanes = try Lanes()
        let frame = TestFrame.text("0123456789").bytes
        lanes.upstreamSends(Array(frame.prefix(5)))
        for number in UInt8(1)...3 { lanes.clientSends(TestFrame.ping([number]).masked.bytes) }
        lanes.upstreamSends(Array(frame.dropFirst(5)))
        #expect(try lanes.atClient() == [.text("0123456789"), .pong([3])])
    }

    @Test("H21 a flood of pings from one that does not read leaves one pong")
    func flood() throws {
        let lanes = try Lanes()
        let count = lanes.client.block()
        for number in 0..<1000 {
            lanes.clientSends(TestFrame.ping([UInt8(truncatingIfNeeded: number)]).masked.bytes)
        }
        #expect(lanes.toClient.owesPong)
        #expect(lanes.client.channel.queuedBytes <= count)
        #expect(lanes.client.unblock().count == count)
        lanes.toClient.sendPending(&lanes.worker.random)
        #expect(try lanes.atClient() == [.pong([UInt8(truncatingIfNeeded: 999)])])
    }

    @Test(
        "a close frame ends the lane and says what it said",
        arguments: [
            (nil, ""), (1000, "bye"), (1001, ""), (3000, "of our own"), (4999, "é"),
            (1012, String(repeating: "x", count: 123)),
        ] as [(UInt16?, String)])
    func close(code: UInt16?, reason: String) throws {
        let lanes = try Lanes()
        let close = TestFrame.close(code, reason)
        let outcome = lanes.clientSends(close.masked.bytes + TestFrame.text("late").masked.bytes)
        let payload = try #require(outcome.closed)
        #expect(payload.code?.rawValue == code && payload.reason == reason)
        #expect(lanes.fromClient.isOver)
        // Passed on, it is the same again; what came behind it is not there.
        lanes.toUpstream.sendClose(payload, &lanes.worker.random)
        #expect(try lanes.atUpstream().map(\.unmasked) == [close])
    }

    @Test("a close frame for a peer inside a frame follows it")
    func closeDeferred() throws {
        let lanes = try Lanes()
        let frame = TestFrame.binary([1, 2, 3, 4]).masked.bytes
        lanes.clientSends(Array(frame.dropLast(2)))
        lanes.toUpstream.sendClose(ClosePayload(code: .goingAway), &lanes.worker.random)
        #expect(!lanes.toUpstream.hasSentClose)
        // The gateway has ended the connection: the frame is brought to its end, and no other begins.
        lanes.clientSends(Array(frame.suffix(2)) + TestFrame.text("late").masked.bytes, discards: true)
        #expect(try lanes.atUpstream().map(\.unmasked) == [.binary([1, 2, 3, 4]), .close(1001)])
        #expect(lanes.toUpstream.hasSentClose)
    }

    @Test("while the connection ends only control frames count", arguments: [false, true])
    func discards(inspects: Bool) throws {
        let lanes = try Lanes(inspects ? Self.inspecting : [])
        lanes.clientSends(Array(TestFrame.text("begun").masked.bytes.prefix(6)))
        #expect(lanes.clientSends(Array(TestFrame.text("begun").masked.bytes.dropFirst(6)), discards: true).goesOn)
        let frames: [TestFrame] = [.text("a"), .ping([1]), .binary([1], isFinal: false), .continuation([2])]
        #expect(lanes.clientSends(frames.flatMap(\.masked.bytes), discards: true).goesOn)
        #expect(try lanes.atUpstream().isEmpty)
        #expect(try lanes.atClient() == [.pong([1])])
        #expect(lanes.clientSends(TestFrame.close(1000).masked.bytes, discards: true).closed?.code == .normal)
        // A protocol error is one all the same.
        let other = try Lanes()
        #expect(other.clientSends(TestFrame.text("a").bytes, discards: true).failure != nil)
    }

    @Test("drop: the message is gone, and others go on")
    func drop() throws {
        let lanes = try Lanes([Fixtures.rule("no-x", from: .client, .text(.literal("x")), .drop)])
        let frames = [TestFrame.text("a"), .text("axa"), .text("b")].flatMap(\.masked.bytes)
        #expect(lanes.clientSends(frames).goesOn)
        #expect(try lanes.atUpstream().map(\.unmasked) == [.text("a"), .text("b")])
        #expect(lanes.fromClient.hits.hits.map(\.rule) == [0])
        #expect(lanes.fromClient.messages == 3)
        // The other direction is not the rule's, and streams.
        lanes.upstreamSends(Array(TestFrame.text("xx").bytes.prefix(3)))
        lanes.worker.flushDirty()
        #expect(lanes.client.read().count == 3)
    }

    @Test("replace: the edited payload goes on, whole, also where it was in fragments")
    func replace() throws {
        let lanes = try Lanes([
            Fixtures.rule(from: .client, .text(.literal("bc")), Fixtures.replace("bc", "***"))
        ])
        let frames: [TestFrame] = [
            .text("ab", isFinal: false), .continuation(Array("cd".utf8)), .text("abcd"), .text("none"),
        ]
        lanes.clientSends(frames.flatMap(\.masked.bytes), pieces: 1)
        #expect(try lanes.atUpstream().map(\.unmasked) == [.text("a***d"), .text("a***d"), .text("none")])
    }

    @Test("reply: the sender gets an answer in the message's stead, and what is behind it goes on")
    func reply() throws {
        let lanes = try Lanes([
            Fixtures.rule(from: .client, .text(.literal("?")), .reply(.text(.literal("why"))))
        ])
        lanes.clientSends([TestFrame.text("a"), .text("b?"), .text("c")].flatMap(\.masked.bytes))
        #expect(try lanes.atUpstream().map(\.unmasked) == [.text("a"), .text("c")])
        #expect(try lanes.atClient() == [.text("why")])
        #expect(lanes.fromClient.hits.hits.map(\.count) == [1])
    }

    @Test("reply: while a message of the other side streams, the sender has to wait, and then its answer goes first")
    func replyWaits() throws {
        let lanes = try Lanes([
            Fixtures.rule(from: .client, .text(.literal("?")), .reply(.text(.literal("why"))))
        ])
        lanes.upstreamSends(TestFrame.text("one ", isFinal: false).bytes)
        let bytes = [TestFrame.text("?"), .text("c")].flatMap(\.masked.bytes)
        guard case .held(let place) = lanes.clientSends(bytes) else {
            Issue.record("not held")
            return
        }
        #expect(place == TestFrame.text("?").masked.bytes.count)
        #expect(lanes.toClient.owesMessage)
        lanes.upstreamSends(TestFrame.continuation(Array("two".utf8)).bytes)
        #expect(!lanes.toClient.owesMessage)
        lanes.clientSends(Array(bytes.dropFirst(place)))
        #expect(
            try lanes.atClient() == [.text("one ", isFinal: false), .continuation(Array("two".utf8)), .text("why")])
        #expect(try lanes.atUpstream().map(\.unmasked) == [.text("c")])
    }

    @Test("a kind of message that no rule looks at streams, and so does a size")
    func streamsByFacts() throws {
        let lanes = try Lanes([
            Fixtures.rule(from: .client, .all([.opcode(.text), .size(over: 10)]), .drop)
        ])
        for frame in [TestFrame.binary(Array(repeating: 7, count: 100)), .text("0123456789")] {
            let bytes = frame.masked.bytes
            lanes.clientSends(Array(bytes.dropLast(4)))
            #expect(lanes.bytesAtUpstream().count == bytes.count - 4)
            lanes.clientSends(Array(bytes.suffix(4)))
            #expect(lanes.bytesAtUpstream().count == 4)
        }
        lanes.clientSends(TestFrame.text("01234567890").masked.bytes)
        #expect(try lanes.atUpstream().isEmpty)
        // In fragments nobody knows yet how long it will be.
        lanes.clientSends(TestFrame.text("01234", isFinal: false).masked.bytes)
        #expect(try lanes.atUpstream().isEmpty)
        lanes.clientSends(TestFrame.continuation([0x35]).masked.bytes)
        #expect(try lanes.atUpstream().map(\.unmasked) == [.text("012345")])
    }

    @Test("close: the message and all behind it stay here")
    func deny() throws {
        let lanes = try Lanes([
            Fixtures.rule(
                "no-x", from: .upstream, .text(.literal("x")), .close(code: 1008, reason: "no"))
        ])
        let frames = [TestFrame.text("a"), .text("x"), .text("b")].flatMap(\.bytes)
        guard case .denied(.policyViolation, "no", "no-x") = lanes.upstreamSends(frames) else {
            Issue.record("not denied")
            return
        }
        #expect(try lanes.atClient() == [.text("a")])
        #expect(lanes.fromUpstream.isOver)
        #expect(lanes.fromUpstream.hits.hits.map(\.count) == [1])
    }

    @Test("shadow: the message goes on and the rule is counted")
    func shadow() throws {
        let lanes = try Lanes([Fixtures.rule("no-x", .text(.literal("x")), .drop, .shadow)])
        lanes.clientSends(TestFrame.text("x").masked.bytes + TestFrame.text("x").masked.bytes)
        #expect(try lanes.atUpstream().count == 2)
        #expect(lanes.fromClient.hits.hits.map(\.count) == [2])
        #expect(lanes.fromClient.hits.hits.map(\.isShadow) == [true])
    }

    @Test("a message that has not ended gives its buffer back")
    func release() throws {
        let lanes = try Lanes(Self.inspecting)
        lanes.clientSends(Array(TestFrame.binary(Array(repeating: 1, count: 3000)).masked.bytes.dropLast()))
        lanes.fromClient.release(lanes.worker)
        #expect(lanes.worker.messageBuffers.take().capacity >= 2999)
        lanes.fromClient.release(lanes.worker)
        #expect(lanes.worker.messageBuffers.take().capacity == 0)
    }
}
