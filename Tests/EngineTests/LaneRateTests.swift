import Middleware
import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

/// A lane and the rates of its route.
@Suite struct LaneRateTests {
    private let second: Nanoseconds = 1_000_000_000

    /// A text of `words`, each a frame, with an empty frame and a ping before the last.
    private func fragmented(_ words: String...) -> [UInt8] {
        var frames: [TestFrame] = []
        for (index, word) in words.enumerated() {
            if index > 0, index == words.count - 1 {
                frames += [TestFrame(isFinal: false, opcode: 0, payload: []), .ping([7])]
            }
            frames.append(
                TestFrame(
                    isFinal: index == words.count - 1, opcode: index == 0 ? 1 : 0, payload: Array(word.utf8)))
        }
        return frames.flatMap(\.masked.bytes)
    }

    private func text(_ text: String) -> [UInt8] { TestFrame.text(text).masked.bytes }

    /// What the upstream has got, masks and fragments taken off.
    private func texts(_ lanes: Lanes) throws -> [String] {
        var texts: [String] = []
        for frame in try lanes.atUpstream().map(\.unmasked) {
            let text = String(decoding: frame.payload, as: UTF8.self)
            if frame.opcode == 0 { texts[texts.count - 1] += text } else { texts.append(text) }
        }
        return texts
    }

    @Test(
        "what a rate drops is the whole message, and nothing of another one", arguments: [1, 2, 7, Int.max],
        [false, true])
    func drop(pieces: Int, gathers: Bool) throws {
        let rule = Fixtures.rule("never", .text(.literal("nobody says this")), .drop)
        let lanes = try Lanes(gathers ? [rule] : [], rates: [Fixtures.rate(.messages, 2, then: .drop)])
        let bytes = text("a") + fragmented("b", "b", "b") + fragmented("c", "c") + text("") + text("d")
        #expect(lanes.clientSends(bytes, pieces: pieces).goesOn)
        #expect(try texts(lanes) == ["a", "bbb"])
        // The pings inside both fragmented ones were answered.
        #expect(try lanes.atClient() == [.pong([7]), .pong([7])])
        #expect(lanes.fromClient.gate.hits(of: 0) == 3)
        #expect(lanes.fromClient.messages == 5)
        // The other direction is not concerned.
        for _ in 0..<5 { #expect(lanes.upstreamSends(TestFrame.text("x").bytes).goesOn) }
        #expect(try lanes.atClient().count == 5)
    }

    @Test("what exceeds a rate that closes does not begin", arguments: [1, Int.max])
    func close(pieces: Int) throws {
        let lanes = try Lanes(rates: [Fixtures.rate(.messages, 2)])
        let outcome = lanes.clientSends(text("a") + text("b") + text("c") + text("d"), pieces: pieces)
        #expect(outcome.exceeded?.reason == .messageRateExceeded && outcome.exceeded?.rate == 0)
        #expect(lanes.fromClient.isOver)
        #expect(try texts(lanes) == ["a", "b"])
    }

    @Test("bytes of a message that has begun pass, and the next one does not begin")
    func bytes() throws {
        let lanes = try Lanes(rates: [Fixtures.rate(.messages, 100), Fixtures.rate(.bytes, 4, then: .close)])
        #expect(lanes.clientSends(fragmented("ab", "cd", "ef")).goesOn)
        #expect(lanes.clientSends(TestFrame.ping([]).masked.bytes).goesOn)
        #expect(lanes.clientSends(text("")).exceeded?.reason == .byteRateExceeded)
        #expect(try texts(lanes) == ["abcdef"])
    }

    @Test("bytes of what is dropped cost nothing")
    func droppedBytes() throws {
        let lanes = try Lanes(rates: [
            Fixtures.rate(.messages, 1, then: .drop), Fixtures.rate(.bytes, 4, then: .delay),
        ])
        #expect(lanes.clientSends(text("ab") + text("cdefgh")).goesOn)
        #expect(lanes.fromClient.heldUntil == nil)
    }

    @Test("a message that must wait waits at its header, and goes on where it was", arguments: [false, true])
    func delay(gathers: Bool) throws {
        let rule = Fixtures.rule("never", .text(.literal("nobody says this")), .drop)
        let lanes = try Lanes(gathers ? [rule] : [], rates: [Fixtures.rate(.messages, 1, then: .delay)])
        let now = lanes.worker.now
        let bytes = text("a") + text("bc")
        #expect(lanes.clientSends(bytes).held == bytes.count - 2)
        #expect(lanes.fromClient.heldUntil == now + second)
        #expect(lanes.fromClient.openSince == nil)
        #expect(lanes.fromClient.lastData == now + second)
        #expect(try texts(lanes) == ["a"])
        let (early, due) = (lanes.fromClient.release(at: now + second - 1), lanes.fromClient.release(at: now + second))
        #expect(!early && due)
        #expect(lanes.fromClient.heldUntil == nil && lanes.fromClient.lastData == now + second)
        // From now on it has to come to its end, also if nothing more of it comes.
        #expect(lanes.fromClient.openSince == now + second)
        #expect(lanes.clientSends(Array(bytes.suffix(2))).goesOn)
        #expect(lanes.fromClient.openSince == nil)
        #expect(try texts(lanes) == ["bc"])
    }

    @Test("an empty message passes, and what comes behind it waits")
    func emptyDelay() throws {
        let lanes = try Lanes(rates: [Fixtures.rate(.messages, 1, then: .delay)])
        let now = lanes.worker.now
        let bytes = text("") + text("") + text("a")
        #expect(lanes.clientSends(bytes).held == 12)
        #expect(lanes.fromClient.heldUntil == now + second)
        #expect(try lanes.atUpstream().count == 2)
    }

    @Test("bytes beyond the rate have passed, and what comes behind them waits")
    func byteDelay() throws {
        let lanes = try Lanes(rates: [Fixtures.rate(.bytes, 2, then: .delay)])
        let now = lanes.worker.now
        let bytes = text("abcd") + text("e")
        #expect(lanes.clientSends(bytes).held == 10)
        #expect(lanes.fromClient.heldUntil == now + second)
        #expect(try texts(lanes) == ["abcd"])
    }

    @Test("bytes of a message that a rule reads are counted before it is whole")
    func gatheredBytes() throws {
        let rule = Fixtures.rule("never", .text(.literal("nobody says this")), .drop)
        let lanes = try Lanes([rule], rates: [Fixtures.rate(.bytes, 2, then: .delay)])
        let first = TestFrame(isFinal: false, opcode: 1, payload: Array("abcd".utf8)).masked.bytes
        #expect(lanes.clientSends(first).held == first.count)
        #expect(try texts(lanes).isEmpty)
        let isReleased = lanes.fromClient.release(at: lanes.worker.now + second)
        #expect(isReleased)
        #expect(lanes.clientSends(TestFrame(opcode: 0, payload: [0x65]).masked.bytes).held != nil)
        #expect(try texts(lanes) == ["abcde"])
    }

    @Test("in an ending connection nothing is counted where nothing passes, and nobody waits")
    func ending() throws {
        let lanes = try Lanes(rates: [Fixtures.rate(.messages, 1, then: .delay)])
        for _ in 0..<3 { #expect(lanes.clientSends(text("a"), discards: true).goesOn) }
        lanes.fromClient.lift()
        for _ in 0..<3 { #expect(lanes.clientSends(text("a")).goesOn) }
        #expect(try texts(lanes).count == 3)
        let open = try Lanes(rates: [Fixtures.rate(.bytes, 4, then: .delay)])
        let bytes = text("abcdefgh")
        #expect(open.clientSends(Array(bytes.prefix(8))).goesOn)
        #expect(open.clientSends(Array(bytes.dropFirst(8)), discards: true).goesOn)
        #expect(try texts(open) == ["abcdefgh"])
    }

    @Test("in shadow mode everything passes")
    func shadow() throws {
        let lanes = try Lanes(rates: [
            Fixtures.rate(.messages, 1, mode: .shadow), Fixtures.rate(.bytes, 2, mode: .shadow),
        ])
        for _ in 0..<5 { #expect(lanes.clientSends(text("ab")).goesOn) }
        #expect(try texts(lanes).count == 5)
        #expect(lanes.fromClient.gate.hits(of: 0) == 4 && lanes.fromClient.gate.hits(of: 1) == 4)
    }
}
