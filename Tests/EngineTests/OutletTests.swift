import Testing
import WebSocketProtocol

@testable import Engine

@Suite struct OutletTests {
    private let worker: Worker
    private let wire: Wire

    init() throws {
        worker = try Worker()
        wire = try Wire(worker)
    }

    private func outlet(masks: Bool = false) -> Outlet { Outlet(channel: wire.channel, masks: masks) }

    /// What has gone out by now.
    private func sent() throws -> [TestFrame] {
        worker.flushDirty()
        return try #require(TestFrame.all(in: wire.read()))
    }

    @Test("toward a client nothing is masked")
    func unmasked() throws {
        var outlet = outlet()
        outlet.send(.text, Array("hi".utf8).span, &worker.random)
        outlet.sendPing(0x0102_0304, &worker.random)
        outlet.sendPong([9].span, &worker.random)
        outlet.sendClose(ClosePayload(code: .normal, reason: "bye"), &worker.random)
        #expect(try sent() == [.text("hi"), .ping([1, 2, 3, 4]), .pong([9]), .close(1000, "bye")])
    }

    @Test("toward an upstream every frame has a key of its own", arguments: [0, 1, 5, 125, 126, 65535, 65536])
    func masked(count: Int) throws {
        var outlet = outlet(masks: true)
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for _ in 0..<3 { outlet.send(.binary, payload.span, &worker.random) }
        let frames = try sent()
        #expect(frames.map(\.unmasked) == Array(repeating: .binary(payload), count: 3))
        #expect(Set(frames.compactMap(\.key)).count == 3)
    }

    @Test("a payload that streams in pieces under another key comes out whole", arguments: [true, false])
    func streamed(masks: Bool) throws {
        var outlet = outlet(masks: masks)
        let payload = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
        let source = MaskingKey(bits: 0x3d21_fa37)
        let keyed = TestFrame.binary(payload).masked.bytes.suffix(1000)
        let bytes = Array(keyed)
        outlet.beginFrame(
            FrameHeader(isFinal: false, opcode: .binary, payloadLength: 1000, maskingKey: source))
        var start = 0
        for count in [0, 1, 2, 3, 4, 5, 985] {
            outlet.append(bytes.span, start..<(start + count), key: source.rotated(by: start), &worker.random)
            start += count
        }
        outlet.endFrame(&worker.random)
        let frame = try #require(try sent().first)
        #expect(frame.unmasked == .binary(payload, isFinal: false))
        #expect((frame.key != nil) == masks)
    }

    @Test("inside a frame a pong waits for its end, and a ping, which nobody could answer in time, is not sent")
    func insideFrame() throws {
        var outlet = outlet()
        outlet.beginFrame(FrameHeader(opcode: .text, payloadLength: 4))
        outlet.append([0x61, 0x62].span, 0..<2, key: .none, &worker.random)
        outlet.sendPong([1].span, &worker.random)
        outlet.sendPing(7, &worker.random)
        outlet.sendPending(&worker.random)
        outlet.append([0x63, 0x64].span, 0..<2, key: .none, &worker.random)
        #expect(outlet.isInsideFrame)
        outlet.endFrame(&worker.random)
        #expect(try sent() == [.text("abcd"), .pong([1])])
        outlet.sendPending(&worker.random)
        #expect(try sent().isEmpty)
    }

    @Test("a close frame waits for a frame's end too, and what waited with it goes first")
    func closeInsideFrame() throws {
        var outlet = outlet()
        outlet.beginFrame(FrameHeader(opcode: .text, payloadLength: 2))
        outlet.append([0x61].span, 0..<1, key: .none, &worker.random)
        outlet.sendPong([1].span, &worker.random)
        outlet.sendClose(ClosePayload(code: .goingAway), &worker.random)
        #expect(outlet.isClosing && !outlet.hasSentClose)
        // Later ones are no more.
        outlet.sendClose(ClosePayload(code: .normal), &worker.random)
        outlet.sendPong([2].span, &worker.random)
        outlet.append([0x61].span, 0..<1, key: .none, &worker.random)
        outlet.endFrame(&worker.random)
        #expect(outlet.hasSentClose)
        #expect(try sent() == [.text("aa"), .pong([1]), .close(1001)])
    }

    @Test("a frame of which nothing is out gives way to a close frame, and never begins after it")
    func closeBeforeFrame() throws {
        var outlet = outlet()
        outlet.beginFrame(FrameHeader(opcode: .text, payloadLength: 1))
        outlet.sendClose(ClosePayload(code: .goingAway), &worker.random)
        outlet.append([0x61].span, 0..<1, key: .none, &worker.random)
        outlet.endFrame(&worker.random)
        #expect(try sent() == [.close(1001)])
    }

    @Test("a close frame is sent once, and no ping or pong after it")
    func closeOnce() throws {
        var outlet = outlet()
        outlet.sendClose(ClosePayload(code: nil), &worker.random)
        outlet.sendClose(ClosePayload(code: .normal), &worker.random)
        outlet.sendPing(1, &worker.random)
        outlet.sendPong([1].span, &worker.random)
        outlet.sendPending(&worker.random)
        #expect(try sent() == [.close(nil)])
        #expect(outlet.isClosing && outlet.hasSentClose)
    }

    @Test("codes that are never on the wire are not written", arguments: [CloseCode.noStatus, .abnormal])
    func closeCode(code: CloseCode) throws {
        var outlet = outlet()
        outlet.sendClose(ClosePayload(code: code, reason: "x"), &worker.random)
        #expect(try sent() == [.close(nil)])
    }

    @Test("H21 toward a peer that does not read one pong waits, the newest")
    func blocked() throws {
        var outlet = outlet()
        let count = wire.block()
        #expect(!outlet.owesPong)
        for number in UInt8(0)..<50 { outlet.sendPong([number].span, &worker.random) }
        #expect(outlet.owesPong)
        outlet.sendPending(&worker.random)
        let before = wire.unblock()
        #expect(before.count == count)
        #expect(!outlet.owesPong)
        outlet.sendPending(&worker.random)
        outlet.sendPending(&worker.random)
        #expect(try sent() == [.pong([49])])
    }

    @Test("H21 ten pings of one that reads are ten pongs")
    func ten() throws {
        var outlet = outlet()
        for number in UInt8(0)..<10 { outlet.sendPong([number].span, &worker.random) }
        #expect(try sent() == (0..<10).map { .pong([$0]) })
    }

    @Test("a pong that waited for a reader is not sent after a close frame")
    func blockedThenClose() throws {
        var outlet = outlet()
        _ = wire.block()
        outlet.sendPong([1].span, &worker.random)
        outlet.sendClose(ClosePayload(code: .normal), &worker.random)
        let rest = wire.unblock()
        outlet.sendPending(&worker.random)
        #expect(TestFrame.all(in: rest.suffix(4)) == [.close(1000)])
        #expect(try sent().isEmpty)
    }

    @Test("a pong carries all of a ping's payload", arguments: [0, 1, 125])
    func pongPayload(count: Int) throws {
        var outlet = outlet()
        let payload = (0..<count).map { UInt8($0) }
        outlet.beginFrame(FrameHeader(opcode: .binary, payloadLength: 0))
        outlet.append(payload.span, 0..<0, key: .none, &worker.random)
        outlet.sendPong(payload.span, &worker.random)
        outlet.endFrame(&worker.random)
        #expect(try sent() == [.binary([]), .pong(payload)])
    }

    @Test("a message of its own waits for the end of another, and goes before a close frame that waits likewise")
    func reply() throws {
        var outlet = outlet()
        outlet.reply(Array("at once".utf8).span, &worker.random)
        #expect(try sent() == [.text("at once")])
        outlet.beginFrame(FrameHeader(isFinal: false, opcode: .text, payloadLength: 1))
        outlet.append([0x61].span, 0..<1, key: .none, &worker.random)
        outlet.endFrame(&worker.random)
        outlet.reply(Array("later".utf8).span, &worker.random)
        #expect(outlet.owesMessage)
        outlet.beginFrame(FrameHeader(isFinal: true, opcode: .continuation, payloadLength: 2))
        outlet.append([0x62].span, 0..<1, key: .none, &worker.random)
        outlet.sendClose(ClosePayload(code: .normal, reason: ""), &worker.random)
        outlet.append([0x63].span, 0..<1, key: .none, &worker.random)
        outlet.endFrame(&worker.random)
        #expect(!outlet.owesMessage)
        let frames = try sent()
        #expect(frames.prefix(2) == [.text("a", isFinal: false), .continuation(Array("bc".utf8))])
        #expect(frames.dropFirst(2) == [.text("later"), .close(1000)])
    }

    @Test("a message that waits is not sent behind a close frame, and nobody waits for it")
    func replyAfterClose() throws {
        var outlet = outlet()
        outlet.beginFrame(FrameHeader(isFinal: false, opcode: .text, payloadLength: 1))
        outlet.append([0x61].span, 0..<1, key: .none, &worker.random)
        outlet.endFrame(&worker.random)
        outlet.reply(Array("never".utf8).span, &worker.random)
        outlet.sendClose(ClosePayload(code: .normal, reason: ""), &worker.random)
        #expect(!outlet.owesMessage)
        outlet.reply(Array("never".utf8).span, &worker.random)
        #expect(try sent() == [.text("a", isFinal: false), .close(1000)])
    }
}
