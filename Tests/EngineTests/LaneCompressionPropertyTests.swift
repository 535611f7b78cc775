import Compression
import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

/// Two lanes under random messages of peers that compress by random agreements, where rules edit, answer and drop some: what
/// comes out is what peers read that know of nothing but their own agreement, to the last message.
@Suite struct LaneCompressionPropertyTests {
    private static let rules = [
        Fixtures.rule("drop", .text(.literal("drop")), .drop),
        Fixtures.rule("swap", .text(.literal("swap")), Fixtures.replace("swap", "something else")),
        Fixtures.rule("reply", .text(.literal("reply")), .reply(.text(.literal("no")))),
    ]

    @Test(
        "whatever is compressed, edited, answered or dropped, whoever receives what goes on can read it",
        arguments: 0..<120)
    func model(seed: Int) throws {
        var random = SeededNumbers(seed: UInt64(seed))
        let settings = InflationSettings(
            contextTakeover: Bool.random(using: &random), windowBits: Int.random(in: 9...15, using: &random),
            level: Int.random(in: 1...9, using: &random), minimumBytes: [1, 64, 256].randomElement(using: &random) ?? 1)
        let client = seed % 7 == 1 ? nil : Self.agreement(sending: \.clientMaxWindowBits, &random)
        let upstream = seed % 7 == 2 ? nil : Self.agreement(sending: \.serverMaxWindowBits, &random)
        guard client != nil || upstream != nil else { return }
        let lanes = try Lanes(
            seed % 3 == 0 ? [] : Self.rules, compression: .ends(client, upstream, settings))
        let atClient = ClientEnd(lanes, client)
        let atUpstream = UpstreamEnd(lanes, upstream)
        for _ in 0..<40 {
            if Bool.random(using: &random) {
                try Self.pass(from: atClient, to: atUpstream, hasRules: seed % 3 != 0, &random)
            } else {
                try Self.pass(from: atUpstream, to: atClient, hasRules: seed % 3 != 0, &random)
            }
        }
    }

    /// Anything that may be agreed on. zlib, of which the senders are, has no window of 8 bits.
    private static func agreement(
        sending own: WritableKeyPath<PerMessageDeflateAgreement, Int?>, _ random: inout SeededNumbers
    ) -> PerMessageDeflateAgreement {
        let bits = { (random: inout SeededNumbers) in [nil, 8, 9, 10, 12, 15].randomElement(using: &random) ?? nil }
        var agreement = PerMessageDeflateAgreement(
            serverNoContextTakeover: Bool.random(using: &random), clientNoContextTakeover: Bool.random(using: &random),
            serverMaxWindowBits: bits(&random), clientMaxWindowBits: bits(&random))
        if agreement[keyPath: own] == 8 { agreement[keyPath: own] = 9 }
        return agreement
    }

    private static func pass(
        from sender: some PeerEnd, to receiver: some PeerEnd, hasRules: Bool, _ random: inout SeededNumbers
    ) throws {
        let message = Message(&random)
        #expect(sender.send(message, &random).goesOn)
        let (answers, received) = (try sender.received(), try receiver.received())
        let text = String(decoding: message.payload, as: UTF8.self)
        guard hasRules, message.isText else { return #expect(received == [message] && answers.isEmpty) }
        if text.contains("drop") { return #expect(received.isEmpty && answers.isEmpty) }
        let swapped = text.split(separator: "swap", omittingEmptySubsequences: false).joined(
            separator: "something else")
        if text.contains("reply") { return #expect(received.isEmpty && answers == [Message(text: "no")]) }
        #expect(received == [Message(text: swapped)] && answers.isEmpty)
    }
}

/// A message, whole and not compressed.
private struct Message: Equatable {
    let isText: Bool
    let payload: [UInt8]

    init(isText: Bool, payload: [UInt8]) {
        self.isText = isText
        self.payload = payload
    }

    init(text: String) { self.init(isText: true, payload: Array(text.utf8)) }

    /// Words that come again and again, also far behind each other; or noise; now and then one that rules know.
    init(_ random: inout SeededNumbers) {
        let count = [0, 1, 4, 30, 200, 700].randomElement(using: &random) ?? 0
        if Int.random(in: 0..<6, using: &random) == 0 {
            self.init(isText: false, payload: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
            return
        }
        var words = (0..<count).map { _ in "portcullis\(Int.random(in: 0..<300, using: &random)) " }
        switch Int.random(in: 0..<10, using: &random) {
        case 0: words.append("drop")
        case 1, 2: words.append("swap")
        case 3: words.append("reply")
        default: break
        }
        self.init(text: words.joined())
    }
}

/// A peer of the gateway's, with all that it keeps for what it sends and for what it reads.
private protocol PeerEnd {
    var own: PeerState { get }
    func deliver(_ frames: [TestFrame], pieces: Int) -> Lane.Outcome
    func frames() throws -> [TestFrame]
}

private final class PeerState {
    let canCompress: Bool
    private let keepsContext: Bool
    private var deflater: SharedStreams.DeflaterBox?
    private let inflater: StrictInflater

    init(sends: ContextLedger.Leg?, reads: ContextLedger.Leg?) {
        canCompress = sends != nil
        keepsContext = sends?.keepsContext ?? false
        deflater = sends.flatMap { try? SharedStreams.DeflaterBox(windowBits: $0.windowBits, level: 6) }
        inflater = StrictInflater(windowBits: reads?.windowBits ?? 15, keepsContext: reads?.keepsContext ?? false)
    }

    /// nil where that is not shorter.
    func compressed(_ payload: [UInt8]) -> [UInt8]? {
        var output: [UInt8] = []
        let isShorter = deflater?.deflater.deflate(payload.span, into: &output, level: 6, keepsContext: keepsContext)
        return isShorter == true ? output : nil
    }

    func read(_ frame: TestFrame) throws -> Message {
        try #require(frame.isFinal && (frame.opcode == 1 || frame.opcode == 2))
        let payload =
            frame.isCompressed ? try #require(inflater.inflate(frame.payload), "not to be inflated") : frame.payload
        return Message(isText: frame.opcode == 1, payload: payload)
    }
}

extension PeerEnd {
    /// In one frame or in more, and in pieces; most compressed.
    fileprivate func send(_ message: Message, _ random: inout SeededNumbers) -> Lane.Outcome {
        var payload = message.payload
        var isCompressed = false
        if own.canCompress, Int.random(in: 0..<5, using: &random) > 0, let shorter = own.compressed(payload) {
            (payload, isCompressed) = (shorter, true)
        }
        var frame = TestFrame(opcode: message.isText ? 1 : 2, payload: payload, isCompressed: isCompressed)
        // Only what the gateway keeps until it is whole comes out in one frame.
        guard isCompressed, Bool.random(using: &random) else {
            return deliver([frame], pieces: Int.random(in: 1...2000, using: &random))
        }
        let cut = Int.random(in: 0...payload.count, using: &random)
        (frame.payload, frame.isFinal) = (Array(payload[..<cut]), false)
        return deliver([frame, .continuation(Array(payload[cut...]))], pieces: .max)
    }

    fileprivate func received() throws -> [Message] { try frames().map { try own.read($0.unmasked) } }
}

private final class ClientEnd: PeerEnd {
    let own: PeerState
    private let lanes: Lanes

    init(_ lanes: Lanes, _ agreement: PerMessageDeflateAgreement?) {
        self.lanes = lanes
        own = PeerState(sends: agreement?.ofClient, reads: agreement?.ofServer)
    }

    func deliver(_ frames: [TestFrame], pieces: Int) -> Lane.Outcome {
        lanes.clientSends(frames.flatMap(\.masked.bytes), pieces: pieces)
    }

    func frames() throws -> [TestFrame] { try lanes.atClient() }
}

private final class UpstreamEnd: PeerEnd {
    let own: PeerState
    private let lanes: Lanes

    init(_ lanes: Lanes, _ agreement: PerMessageDeflateAgreement?) {
        self.lanes = lanes
        own = PeerState(sends: agreement?.ofServer, reads: agreement?.ofClient)
    }

    func deliver(_ frames: [TestFrame], pieces: Int) -> Lane.Outcome {
        lanes.upstreamSends(frames.flatMap(\.bytes), pieces: pieces)
    }

    func frames() throws -> [TestFrame] { try lanes.atUpstream() }
}

extension PerMessageDeflateAgreement {
    fileprivate var ofClient: ContextLedger.Leg {
        ContextLedger.Leg(keepsContext: !clientNoContextTakeover, windowBits: clientMaxWindowBits ?? 15)
    }

    fileprivate var ofServer: ContextLedger.Leg {
        ContextLedger.Leg(keepsContext: !serverNoContextTakeover, windowBits: serverMaxWindowBits ?? 15)
    }
}
