import Testing

@testable import Compression

struct ContextLedgerTests {
    typealias Leg = ContextLedger.Leg

    private static func ledger(from sender: Leg, to receiver: Leg) throws -> ContextLedger {
        try #require(ContextLedger(from: sender, to: receiver))
    }

    private static let forgetful = Leg(keepsContext: false, windowBits: 15)
    private static let keeping = Leg(keepsContext: true, windowBits: 15)

    @Test func `without compression on either side there is nothing to keep account of`() {
        #expect(ContextLedger(from: nil, to: Self.keeping) == nil)
        #expect(ContextLedger(from: Self.keeping, to: nil) == nil)
    }

    @Test(
        "a sender that begins every message anew may be passed on to anybody, whatever came between",
        arguments: [forgetful, keeping])
    func selfContained(receiver: Leg) throws {
        var ledger = try Self.ledger(from: Self.forgetful, to: receiver)
        for _ in 0..<3 {
            #expect(ledger.mayPassOn(100_000))
            ledger.passedOn(100_000)
            ledger.withheld(1)
            ledger.sentOwn()
        }
        #expect(ledger.mayPassOn(.max))
    }

    @Test("a sender that keeps its window may be passed on as long as the receiver has seen the same")
    func inStep() throws {
        let start = try Self.ledger(from: Self.keeping, to: Self.keeping)
        var ledger = start
        for _ in 0..<3 {
            #expect(ledger.mayPassOn(50_000))
            ledger.passedOn(50_000)
        }
        var dropped = ledger
        dropped.withheld(1)
        #expect(!dropped.mayPassOn(0))
        dropped.passedOn(1)
        #expect(!dropped.mayPassOn(1))
        var mixed = ledger
        mixed.sentOwn()
        #expect(!mixed.mayPassOn(1))
        // An empty message is in no window.
        ledger.withheld(0)
        #expect(ledger.mayPassOn(1))
        // The first message refers to nothing, even where the gateway has spoken before.
        var first = start
        first.sentOwn()
        #expect(first.mayPassOn(10))
        first.passedOn(10)
        #expect(!first.mayPassOn(10))
    }

    @Test("to a receiver that forgets, only the first message of one that does not may be passed on")
    func forgetfulReceiver() throws {
        var ledger = try Self.ledger(from: Self.keeping, to: Self.forgetful)
        #expect(ledger.mayPassOn(10))
        ledger.passedOn(10)
        #expect(!ledger.mayPassOn(10))
    }

    @Test("a larger window may be passed on while no more than the smaller one has been filled")
    func windows() throws {
        let small = Leg(keepsContext: true, windowBits: 10)
        for sender in [Self.forgetful, Self.keeping] {
            let ledger = try Self.ledger(from: sender, to: small)
            #expect(ledger.mayPassOn(1024))
            #expect(!ledger.mayPassOn(1025))
        }
        var kept = try Self.ledger(from: Self.keeping, to: small)
        kept.passedOn(1000)
        #expect(kept.mayPassOn(24))
        #expect(!kept.mayPassOn(25))
        var forgotten = try Self.ledger(from: Self.forgetful, to: small)
        forgotten.passedOn(1000)
        #expect(forgotten.mayPassOn(1024))
        let narrow = try Self.ledger(from: small, to: Self.keeping)
        #expect(narrow.mayPassOn(.max))
        var full = narrow
        full.passedOn(.max)
        #expect(full.mayPassOn(.max))
    }

    @Test func `the gateway refers to what it deflated last, and to nothing that others did`() throws {
        var ledger = try Self.ledger(from: Self.keeping, to: Self.keeping)
        #expect(!ledger.mayReferToOwn)
        ledger.sentOwn()
        #expect(ledger.mayReferToOwn)
        ledger.withheld(5)
        #expect(ledger.mayReferToOwn)
        ledger.passedOn(5)
        #expect(!ledger.mayReferToOwn)
        ledger.sentOwn()
        #expect(ledger.mayReferToOwn)
    }

    @Test("whatever is passed on, deflated anew or dropped, the receiver inflates what was meant", arguments: 0..<40)
    func model(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var sender = try Sender(&random)
        var receiver = try Receiver(&random)
        var ledger = try Self.ledger(from: sender.leg, to: receiver.leg)
        var own = try Deflater(windowBits: receiver.leg.windowBits, level: 6)
        var gateway = try Inflater(windowBits: sender.leg.windowBits)
        for _ in 0..<40 {
            let message = text(&random)
            let compressed = try sender.compress(message)
            var inflated: [UInt8] = []
            try gateway.inflate(
                compressed.span, into: &inflated, limit: .max, keepsContext: sender.leg.keepsContext)
            #expect(inflated == message)
            let fate = Int.random(in: 0..<(seed % 3 == 0 ? 1 : 12), using: &random)
            if fate == 10 {
                ledger.withheld(message.count)
            } else if fate != 11, ledger.mayPassOn(message.count) {
                ledger.passedOn(message.count)
                try receiver.check(compressed, message)
            } else {
                ledger.withheld(message.count)
                var deflated: [UInt8] = []
                let keepsContext = receiver.leg.keepsContext && ledger.mayReferToOwn
                guard own.deflate(message.span, into: &deflated, level: 6, keepsContext: keepsContext) else { continue }
                ledger.sentOwn()
                try receiver.check(deflated, message)
            }
        }
    }
}

/// Words that come again and again, so that messages refer to those before them.
private func text(_ random: inout SeededGenerator) -> [UInt8] {
    let words = ["portcullis", "drawbridge", "moat", "\u{1f3f0}", "gatehouse; ", "0123456789abcdef"]
    return (0..<Int.random(in: 1...80, using: &random)).flatMap { _ in
        Array((words.randomElement(using: &random) ?? "").utf8)
    }
}

private struct Sender: ~Copyable {
    let leg: ContextLedger.Leg
    private var deflater: Deflater

    init(_ random: inout SeededGenerator) throws {
        let bits = Int.random(in: 9...15, using: &random)
        leg = ContextLedger.Leg(keepsContext: .random(using: &random), windowBits: bits)
        deflater = try Deflater(windowBits: bits, level: 6)
    }

    mutating func compress(_ message: [UInt8]) throws -> [UInt8] {
        var output: [UInt8] = []
        let isShorter = deflater.deflate(message.span, into: &output, level: 6, keepsContext: leg.keepsContext)
        return isShorter ? output : stored(message)
    }
}

private struct Receiver: ~Copyable {
    let leg: ContextLedger.Leg
    private var inflater: Inflater

    init(_ random: inout SeededGenerator) throws {
        let bits = Int.random(in: 9...15, using: &random)
        leg = ContextLedger.Leg(keepsContext: .random(using: &random), windowBits: bits)
        inflater = try Inflater(windowBits: bits)
    }

    mutating func check(_ compressed: [UInt8], _ message: [UInt8]) throws {
        var output: [UInt8] = []
        try inflater.inflate(compressed.span, into: &output, limit: .max, keepsContext: leg.keepsContext)
        #expect(output == message)
    }
}
