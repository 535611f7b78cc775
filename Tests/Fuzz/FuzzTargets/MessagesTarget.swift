import Middleware
import PolicyModel
import WebSocketProtocol

/// A peer's messages under rules, as a connection treats them: the first byte says how they are cut, the second who sends,
/// the others are what is sent.
enum MessagesTarget {
    private enum Outcome: Equatable {
        case message(Opcode, [UInt8], MessageVerdict, shadowHits: [String])
        case failed(FrameError)
    }

    private static let limits = MessageLimits(messageBytes: 4096, fragments: 16)
    private static let rules = MessageRules([
        rule("json-type", MessageCondition(json: json("/type", .string("admin"))), .drop),
        rule(
            "json-deep", MessageCondition(json: json("/a~1b/0/\u{e9}", .integer(7))), .close(code: 1008, reason: "no")),
        rule("json-fraction", MessageCondition(json: json("/n", .double(1.5))), .drop, .shadow),
        rule("json-whole", MessageCondition(json: json("", .null)), .drop),
        rule("word", MessageCondition(textContains: "secret"), .replace(with: "******\u{2026}")),
        rule("short", MessageCondition(textContains: "a"), .replace(with: "aaaaaaaaaaaaaaaa"), .shadow),
        rule("grow", MessageCondition(textContains: "!"), .replace(with: String(repeating: "?!", count: 40))),
        rule("large", MessageCondition(opcode: .binary, sizeOver: 64, sizeUnder: 70), .close(code: 4000, reason: "")),
    ])

    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        guard bytes.count >= 2 else { return }
        let isClient = bytes[1] & 1 == 0
        let sent = bytes[2...]
        let whole = try feed([Array(sent)], isClient)
        let cut = try feed(pieces(of: sent, seed: bytes[0]), isClient)
        try require(whole == cut, "whole: \(whole), in pieces: \(cut)")
    }

    private static func feed(_ pieces: [[UInt8]], _ isClient: Bool) throws(BrokenContract) -> [Outcome] {
        let plan = MessagePlan(
            rules, from: isClient ? .client : .upstream, identity: nil, maximumBytes: limits.messageBytes)
        var parser = FrameParser(sender: isClient ? .client : .server, limits: limits)
        var assembler = MessageAssembler()
        var scratch = FilterScratch()
        var outcomes: [Outcome] = []
        for piece in pieces {
            var offset = 0
            while true {
                let event: FrameEvent?
                do throws(FrameError) {
                    event = try parser.next(in: piece.span, at: &offset)
                } catch {
                    return outcomes + [.failed(error)]
                }
                guard let event else { break }
                switch event {
                case .frame(let header):
                    if header.opcode != .continuation { assembler.begin(header.opcode) }
                case .payload(let range, let key, _, let endsMessage):
                    assembler.append(piece.span, range, key: key)
                    try require(assembler.count <= limits.messageBytes, "\(assembler.count) bytes gathered")
                    guard endsMessage else { continue }
                    guard let message = assembler.finish() else {
                        throw BrokenContract(description: "a message ended that had not begun")
                    }
                    let verdict = plan.evaluate(
                        opcode: message.opcode, payload: message.payload.span, using: &scratch)
                    try check(verdict, of: message.opcode)
                    outcomes.append(
                        .message(message.opcode, message.payload, verdict, shadowHits: scratch.shadowHits))
                    if case .close = verdict { return outcomes }
                case .control(.close): return outcomes
                case .control: continue
                }
            }
        }
        return outcomes
    }

    private static func check(_ verdict: MessageVerdict, of opcode: Opcode) throws(BrokenContract) {
        switch verdict {
        case .pass, .drop, .renewal: break
        case .replace(let bytes):
            try require(bytes.count <= limits.messageBytes, "a replacement of \(bytes.count) bytes")
            try require(
                opcode == .text && String(validating: bytes, as: UTF8.self) != nil, "a replacement that is no text")
        case .close(let code, let reason, let rule):
            try require(code.mayBeSent && reason.utf8.count <= 123, "close \(code) by \(rule)")
            try require(code != .internalError, "\(rule) failed")
        }
    }

    private static func rule(
        _ name: String, _ condition: MessageCondition, _ action: MessageAction, _ mode: EnforcementMode = .enforce
    ) -> MessageRule {
        MessageRule(
            name: name, from: .both, condition: condition, action: action, mode: mode,
            position: SourcePosition(file: "fuzz.yaml", line: 1, column: 1))
    }

    private static func json(_ pointer: String, _ value: JSONScalar) -> MessageCondition.JSONTest? {
        JSONPointer(pointer).map { MessageCondition.JSONTest(pointer: $0, equals: value) }
    }
}
