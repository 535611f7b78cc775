internal import Middleware
internal import PolicyModel
internal import Tokens
internal import WebSocketProtocol

/// Messages: in a gateway a lane asks in this order of whatever comes in frames.
extension Rehearsal {
    /// What becomes of a whole message that comes on a connection. On one that has ended nothing becomes of it but that end.
    ///
    /// The sender's frames are taken to be sound: what is broken about frames themselves is no matter of a policy.
    package func message(_ made: MadeUpMessage, on connection: RehearsedConnection) -> RehearsedMessage {
        var result = RehearsedMessage(verdict: .passed, sender: made.sender, isBinary: made.isBinary)
        if let ending = connection.ending {
            result.verdict = ending
            return result
        }
        judgesMadeUpTokens()
        let time = connection.time(of: made)
        if let reason = connection.ended(by: time) {
            result.verdict = .closed(code: CloseCode.policyViolation.rawValue, reason: reason.rawValue, rule: nil)
        } else {
            let way = made.sender == .client ? \RehearsedConnection.fromClient : \.fromUpstream
            pass(made, on: connection, way, at: time, &result)
            connection.lastData = max(connection.lastData, time.monotonic)
        }
        if case .closed = result.verdict { connection.end(result.verdict) }
        return result
    }

    private func pass(
        _ made: MadeUpMessage, on connection: RehearsedConnection,
        _ way: ReferenceWritableKeyPath<RehearsedConnection, RehearsedConnection.Way>, at time: HandshakeTime,
        _ result: inout RehearsedMessage
    ) {
        do throws(FrameError) {
            guard try enters(made, on: connection, way, at: time, &result) else { return }
        } catch {
            result.verdict = .closed(
                code: error.closeCode.rawValue, reason: CloseReason(error).rawValue, rule: nil)
            return
        }
        let opcode: Opcode = made.isBinary ? .binary : .text
        guard connection[keyPath: way].plan.reads(opcode, size: made.payload.count) else {
            result.output = made.payload
            return
        }
        let verdict = connection[keyPath: way].plan.evaluate(
            opcode: opcode, payload: made.payload.span, now: time.monotonic, using: &scratch)
        for hit in scratch.hits {
            let rule = connection.route.messages[hit.rule]
            result.hits.append(
                RehearsedHit(name: rule.name, position: rule.position, isShadow: hit.isShadow, pointer: hit.pointer))
        }
        if let heldUntil = scratch.heldUntil { result.heldFor = max(result.heldFor, heldUntil - time.monotonic) }
        switch verdict {
        case .pass: result.output = made.payload
        case .edited: (result.verdict, result.output) = (.edited, scratch.output)
        case .reply: (result.verdict, result.output) = (.reply, scratch.output)
        case .drop: result.verdict = .dropped
        case .close(let code, let reason, let rule):
            result.verdict = .closed(code: code.rawValue, reason: reason, rule: rule.isEmpty ? nil : rule)
        case .renewal: result.verdict = renew(connection, by: made.payload, at: time)
        }
    }

    /// Whether the message comes as far as the rules: by its length, by its text, and by the route's rates.
    private func enters(
        _ made: MadeUpMessage, on connection: RehearsedConnection,
        _ way: ReferenceWritableKeyPath<RehearsedConnection, RehearsedConnection.Way>, at time: HandshakeTime,
        _ result: inout RehearsedMessage
    ) throws(FrameError) -> Bool {
        let frame = Self.frame(made)
        var parser = FrameParser(
            sender: made.sender == .client ? .client : .server, limits: connection.terms.messageLimits)
        let before = connection[keyPath: way].gate
        defer { note(connection.terms.rates.hits(connection[keyPath: way].gate), since: before, connection, &result) }
        var offset = 0
        while let event = try parser.next(in: frame.span, at: &offset) {
            let answer: TrafficGate.Answer
            switch event {
            case .frame: answer = connection[keyPath: way].gate.beginMessage(now: time.monotonic)
            case .payload(let range, _, _, _):
                answer = connection[keyPath: way].gate.passed(bytes: range.count, now: time.monotonic)
            case .control: continue
            }
            switch answer {
            case .passes: continue
            case .waits(let until): result.heldFor = max(result.heldFor, until - time.monotonic)
            case .drops:
                result.verdict = .dropped
                return false
            case .closes(let reason, let rate):
                let rule = connection.terms.rates[rate].name
                result.verdict = .closed(code: CloseCode.policyViolation.rawValue, reason: reason.rawValue, rule: rule)
                return false
            }
        }
        return true
    }

    /// Adds the rates that have acted since then.
    private func note(
        _ hits: [(rate: RouteRate, count: Int64)], since before: TrafficGate, _ connection: RehearsedConnection,
        _ result: inout RehearsedMessage
    ) {
        let earlier = connection.terms.rates.hits(before)
        for (rate, count) in hits where count > earlier.first(where: { $0.rate.name == rate.name })?.count ?? 0 {
            result.hits.append(
                RehearsedHit(
                    name: rate.name, position: rate.position, isShadow: rate.mode == .shadow, pointer: nil))
        }
    }

    private func renew(
        _ connection: RehearsedConnection, by message: [UInt8], at time: HandshakeTime
    ) -> RehearsedMessage.Verdict {
        guard let renewal = connection.renewal, let identity = connection.facts.identity else { return .dropped }
        switch renewal.judge(message, of: identity, from: connection.facts.clientAddress, now: time.unixSeconds) {
        case .renewed(let fresh, let term):
            connection.renew(by: fresh, until: term)
            return .renewed
        case .postponed: return .renewalPostponed
        case .refused(let reason):
            return .closed(code: reason.closeCode.rawValue, reason: reason.rawValue, rule: nil)
        }
    }

    /// The message as one frame.
    private static func frame(_ made: MadeUpMessage) -> [UInt8] {
        let header = FrameHeader(
            opcode: made.isBinary ? .binary : .text, payloadLength: made.payload.count,
            maskingKey: made.sender == .client ? MaskingKey.none : nil)
        var bytes = [UInt8](repeating: 0, count: FrameHeader.maximumEncodedLength)
        var span = bytes.mutableSpan
        let count = header.encode(into: &span)
        return bytes.prefix(count) + made.payload
    }
}
