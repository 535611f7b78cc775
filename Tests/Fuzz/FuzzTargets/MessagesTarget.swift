import Middleware
import PolicyModel
import WebSocketProtocol

/// A peer's messages under rules, as a connection treats them: the first byte says how they are cut, the second who sends,
/// the others are what is sent.
enum MessagesTarget {
    private enum Outcome: Equatable {
        case message(Opcode, [UInt8], MessageVerdict, output: [UInt8], hits: [RuleHit])
        case failed(FrameError)
    }

    private static let limits = MessageLimits(messageBytes: 4096, fragments: 16)
    private static let rules = MessageRules([
        rule("json-type", json("/type", .equals(.string("admin"))), .drop),
        rule("json-deep", json("/a~1b/0/\u{e9}", .equals(.integer(7))), .close(code: 1008, reason: "no")),
        rule("json-fraction", json("/n", .over(.double(1.5))), .drop, .shadow),
        rule("json-whole", json("", .equals(.null)), .drop),
        rule("not-json", .all([.notJSON, .text(TextPattern("^\\{"))]), .log(payload: true)),
        rule("set", json("/set", .exists), .set(pointer("/set"), JSONTemplate(.literal(#"{"new":[1]}"#)))),
        rule("remove", json("/remove", .exists), .remove(pointer("/remove"))),
        rule("word", .text(.literal("secret")), .replace(.literal("secret"), with: .literal("******\u{2026}"))),
        rule("short", .text(.literal("a")), .replace(.literal("a"), with: .literal("aaaaaaaaaaaaaaaa")), .shadow),
        rule("grow", .text(.literal("!")), .replace(.literal("!"), with: .literal(String(repeating: "?!", count: 40)))),
        rule("digits", .any([.text(digits), .size(over: 400)]), .replace(digits, with: .literal("#"))),
        rule("answer", .text(.literal("ping?")), .reply(.text(.literal("pong!")))),
        rule("large", .all([.opcode(.binary), .size(over: 64, under: 70)]), .close(code: 4000, reason: "")),
        rule("magic", .all([.binaryPrefix([1, 2]), .notUTF8]), .drop),
    ])
    private static let digits = TextPattern("\\d{3,}|z*")

    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        guard bytes.count >= 2 else { return }
        let isClient = bytes[1] & 1 == 0
        let sent = bytes[2...]
        let whole = try feed([Array(sent)], isClient)
        let cut = try feed(pieces(of: sent, seed: bytes[0]), isClient)
        try require(whole == cut, "whole: \(whole), in pieces: \(cut)")
    }

    private static func feed(_ pieces: [[UInt8]], _ isClient: Bool) throws(BrokenContract) -> [Outcome] {
        guard let connection else { throw BrokenContract(description: "no connection") }
        var plan = MessagePlan(
            rules, from: isClient ? .client : .upstream, of: connection, maximumBytes: limits.messageBytes)
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
                        opcode: message.opcode, payload: message.payload.span, now: 0, using: &scratch)
                    try check(verdict, scratch.output, of: message.opcode)
                    let output = verdict == .edited || verdict == .reply ? scratch.output : []
                    outcomes.append(
                        .message(message.opcode, message.payload, verdict, output: output, hits: scratch.hits))
                    if case .close = verdict { return outcomes }
                case .control(.close): return outcomes
                case .control: continue
                }
            }
        }
        return outcomes
    }

    private static func check(
        _ verdict: MessageVerdict, _ output: [UInt8], of opcode: Opcode
    ) throws(BrokenContract) {
        switch verdict {
        case .pass, .drop, .renewal: break
        case .edited, .reply:
            try require(output.count <= limits.messageBytes, "\(output.count) bytes after an edit")
            try require(
                opcode == .binary || String(validating: output, as: UTF8.self) != nil, "an edit that leaves no text")
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

    private static func json(_ text: String, _ demand: JSONDemand) -> MessageCondition {
        .json(pointer(text), demand)
    }

    /// The whole document where `text` is no pointer.
    private static func pointer(_ text: String) -> JSONPointer {
        JSONPointer(text) ?? JSONPointer(tokens: [])
    }

    private static let connection = (try? RequestTarget(originForm: "/")).map { target in
        ConnectionFacts(identity: nil, clientAddress: .v4(0xc000_0201), requestID: "r", target: target)
    }
}
