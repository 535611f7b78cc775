import Compression
import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

@Suite struct MessageCompressionTests {
    typealias Leg = ContextLedger.Leg

    private static let forgetful = Leg(keepsContext: false, windowBits: 15)
    private static let keeping = Leg(keepsContext: true, windowBits: 15)
    private static let text = Array(String(repeating: "one portcullis, two portcullises; ", count: 20).utf8)

    /// One lane between a peer that deflates and one that inflates.
    private final class Way {
        let compression: MessageCompression
        let streams = SharedStreams()
        private var sender: Deflater
        private var receiver: Inflater
        private let legs: (Leg?, Leg?)

        init(_ sender: Leg?, _ receiver: Leg?, _ settings: InflationSettings = InflationSettings()) throws {
            compression = try #require(MessageCompression(from: sender, to: receiver, settings))
            self.sender = try Deflater(windowBits: max(9, sender?.windowBits ?? 15), level: 6)
            self.receiver = try Inflater(windowBits: receiver?.windowBits ?? 15)
            legs = (sender, receiver)
        }

        func compressed(_ message: [UInt8]) throws -> [UInt8] {
            var output: [UInt8] = []
            let keepsContext = legs.0?.keepsContext ?? false
            try #require(sender.deflate(message.span, into: &output, level: 6, keepsContext: keepsContext))
            return output
        }

        /// Sends a message through, compressed where the sender can. `edit` is what rules make of it; nil drops it.
        func pass(
            _ message: [UInt8], isCompressed: Bool = true, edit: (([UInt8]) -> [UInt8]?) = { $0 }
        ) throws -> MessageCompression.Form? {
            var payload = message
            var wire: [UInt8] = []
            if isCompressed {
                wire = try compressed(message)
                payload = []
                try compression.inflate(wire.span, .text, into: &payload, limit: 1 << 20, streams)
                #expect(payload == message)
            }
            guard let edited = edit(payload) else { return nil }
            var deflated: [UInt8] = []
            let form = compression.form(
                of: edited.span, wasCompressed: isCompressed, isEdited: edited != payload, into: &deflated, streams)
            switch form {
            case .plain: break
            case .asReceived: try check(wire, edited)
            case .deflated: try check(deflated, edited)
            }
            return form
        }

        private func check(_ wire: [UInt8], _ message: [UInt8]) throws {
            let leg = try #require(legs.1)
            var output: [UInt8] = []
            try receiver.inflate(wire.span, into: &output, limit: 1 << 20, keepsContext: leg.keepsContext)
            #expect(output == message)
        }
    }

    @Test func `where nobody has agreed on it there is nothing to do`() {
        #expect(MessageCompression(from: nil, to: nil, InflationSettings()) == nil)
    }

    @Test(
        "what nobody has edited is passed on as it came, where the receiver's window holds the same",
        arguments: [(forgetful, forgetful), (forgetful, keeping), (keeping, keeping)])
    func passedOn(sender: Leg, receiver: Leg) throws {
        let way = try Way(sender, receiver)
        for _ in 0..<4 { #expect(try way.pass(Self.text) == .asReceived) }
    }

    @Test func `a sender that keeps its window is deflated anew for a receiver that does not`() throws {
        let way = try Way(Self.keeping, Self.forgetful)
        #expect(try way.pass(Self.text) == .asReceived)
        for _ in 0..<3 { #expect(try way.pass(Self.text) == .deflated) }
    }

    @Test(
        "an edited message is deflated anew, and what follows it is what the receiver can read",
        arguments: [false, true])
    func edited(contextTakeover: Bool) throws {
        let way = try Way(
            Self.keeping, Self.keeping, InflationSettings(contextTakeover: contextTakeover, windowBits: 15))
        #expect(try way.pass(Self.text) == .asReceived)
        #expect(try way.pass(Self.text, edit: { $0 + $0 }) == .deflated)
        for _ in 0..<3 { #expect(try way.pass(Self.text) == .deflated) }
    }

    @Test func `a message that was dropped is missed by none that follow`() throws {
        let way = try Way(Self.keeping, Self.keeping)
        #expect(try way.pass(Self.text) == .asReceived)
        #expect(try way.pass(Self.text, edit: { _ in nil }) == nil)
        for _ in 0..<2 { #expect(try way.pass(Self.text) == .deflated) }
        let forgetful = try Way(Self.forgetful, Self.keeping, InflationSettings(contextTakeover: true))
        #expect(try forgetful.pass(Self.text, edit: { $0 + [0x61] }) == .deflated)
        #expect(try forgetful.pass(Self.text, edit: { _ in nil }) == nil)
        #expect(try forgetful.pass(Self.text) == .asReceived)
        #expect(try forgetful.pass(Self.text, edit: { $0 + [0x61] }) == .deflated)
        #expect(try forgetful.pass(Self.text, edit: { $0 + [0x61] }) == .deflated)
    }

    /// "Hello" in a final block, and what many a peer does not see behind it.
    @Test(
        "H18 a message with a final block does not go on as it came, since not every peer reads what stands behind one",
        arguments: [forgetful, keeping], [[0x00], [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]] as [[UInt8]])
    func finalBlock(sender: Leg, behind: [UInt8]) throws {
        let way = try Way(sender, sender)
        let wire = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00] + behind
        var (message, deflated): ([UInt8], [UInt8]) = ([], [])
        try way.compression.inflate(wire.span, .text, into: &message, limit: 100, way.streams)
        #expect(message.starts(with: Array("Hello".utf8)))
        let form = way.compression.form(
            of: message.span, wasCompressed: true, isEdited: false, into: &deflated, way.streams)
        #expect(form == .plain)
    }

    @Test func `to a receiver without the extension everything goes plain`() throws {
        let way = try Way(Self.keeping, nil)
        for _ in 0..<3 { #expect(try way.pass(Self.text) == .plain) }
        #expect(!way.compression.wants(size: nil))
    }

    @Test func `of a sender without the extension what is long enough is deflated`() throws {
        let way = try Way(nil, Self.keeping, InflationSettings(minimumBytes: 100))
        #expect(
            way.compression.wants(size: 100) && way.compression.wants(size: nil) && !way.compression.wants(size: 99))
        #expect(try way.pass(Self.text, isCompressed: false) == .deflated)
        #expect(try way.pass(Array(Self.text.prefix(99)), isCompressed: false) == .plain)
        // What does not get shorter stays as it is.
        var random = SeededNumbers(seed: 1)
        let noise = (0..<500).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(try way.pass(noise, isCompressed: false) == .plain)
        #expect(try way.pass(Self.text, isCompressed: false) == .deflated)
    }

    @Test func `a sender that could compress and has not is left alone`() throws {
        let way = try Way(Self.keeping, Self.keeping)
        #expect(!way.compression.wants(size: nil))
        #expect(try way.pass(Self.text, isCompressed: false) == .plain)
        #expect(try way.pass(Self.text, isCompressed: false, edit: { $0 + $0 }) == .plain)
        #expect(try way.pass(Self.text) == .asReceived)
    }

    @Test func `a window of 8 bits is filled by nobody but a peer`() throws {
        let narrow = Leg(keepsContext: true, windowBits: 8)
        let way = try Way(Self.forgetful, narrow)
        #expect(try way.pass(Array(Self.text.prefix(256))) == .asReceived)
        #expect(try way.pass(Self.text) == .plain)
        let plain = try Way(nil, narrow)
        #expect(!plain.compression.wants(size: nil))
        #expect(try plain.pass(Self.text, isCompressed: false) == .plain)
    }

    @Test(
        "what cannot be read ends the connection",
        arguments: [
            ([0x06], .binary, FrameError.protocolViolation("compressed data that is not deflate")),
            ([], .binary, .protocolViolation("compressed data that is not deflate")),
            // Stored: 0xff alone, and the first byte of a character.
            ([0x00, 0x01, 0x00, 0xfe, 0xff, 0xff, 0x00], .text, .invalidUTF8),
            ([0x00, 0x01, 0x00, 0xfe, 0xff, 0xc3, 0x00], .text, .invalidUTF8),
            ([0x00, 0x05, 0x00, 0xfa, 0xff, 1, 2, 3, 4, 5, 0x00], .binary, .messageTooBig),
        ] as [([UInt8], Opcode, FrameError)])
    func unreadable(wire: [UInt8], opcode: Opcode, error: FrameError) throws {
        for sender in [Self.forgetful, Self.keeping] {
            let way = try Way(sender, nil)
            var message: [UInt8] = []
            #expect(throws: error) {
                try way.compression.inflate(wire.span, opcode, into: &message, limit: 4, way.streams)
            }
        }
    }

    @Test("H18 exactly the cap passes, one byte more is too big", arguments: [40, 100, 65536])
    func cap(limit: Int) throws {
        for sender in [Self.forgetful, Self.keeping] {
            let way = try Way(sender, Self.forgetful)
            let (exact, over) = (
                try way.compressed([UInt8](repeating: 0x61, count: limit)),
                try way.compressed([UInt8](repeating: 0x61, count: limit + 1))
            )
            var message: [UInt8] = []
            try way.compression.inflate(exact.span, .text, into: &message, limit: limit, way.streams)
            #expect(message.count == limit)
            message = []
            #expect(throws: FrameError.messageTooBig) {
                try way.compression.inflate(over.span, .text, into: &message, limit: limit, way.streams)
            }
            #expect(message.count <= limit)
        }
    }

    @Test("H18 a lane costs what its windows are configured to, and nothing before its first compressed message")
    func memory() throws {
        let none = try Way(Self.forgetful, Self.forgetful, InflationSettings(contextTakeover: true))
        for _ in 0..<3 { #expect(try none.pass(Self.text, edit: { $0 + $0 }) == .deflated) }
        #expect(none.compression.allocatedBytes == 0)
        let leg = Leg(keepsContext: true, windowBits: 12)
        let kept = try Way(leg, leg, InflationSettings(contextTakeover: true))
        #expect(kept.compression.allocatedBytes == 0)
        #expect(try kept.pass(Self.text) == .asReceived)
        #expect(kept.compression.allocatedBytes <= 12 * 1024)
        #expect(try kept.pass(Self.text, edit: { $0 + $0 }) == .deflated)
        // 38 KiB to deflate and 11 to inflate, with 12 bits.
        #expect((1...52 * 1024).contains(kept.compression.allocatedBytes))
        // Without takeover of its own the gateway takes nothing for what it deflates.
        let asked = try Way(leg, leg)
        #expect(try asked.pass(Self.text, edit: { $0 + $0 }) == .deflated)
        #expect(asked.compression.allocatedBytes <= 12 * 1024)
    }
}
