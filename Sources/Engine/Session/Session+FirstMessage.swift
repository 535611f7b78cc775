internal import Crypto
internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// A client that sends its token as its first message: the gateway opens the connection itself, reads the message, and only a
/// chain that admits it is followed by a dial. From the 101 on a refusal is a close frame.
extension Session {
    func greet(_ suspension: Suspension, _ demand: FirstMessageDemand) {
        guard let client else { return }
        let context = suspension.handshake.context
        guard let response = OpeningAnswer(greeting: context).serialized else {
            tellRefused("a field of the answer has a value that no field may have")
            return refuse(Refusal(.malformedRequest))
        }
        client.append(response)
        isGreeted = true
        phase = .firstMessage(FirstMessageReader(demand, of: suspension, client: client))
        setPhaseDeadline(worker.now.saturatingAdd(demand.timeout.nanoseconds))
        client.setReading(true)
        let early = earlyBytes
        earlyBytes = []
        if !early.isEmpty { receiveFirstMessage(early.span) }
    }

    func receiveFirstMessage(_ bytes: Span<UInt8>) {
        guard case .firstMessage(let reader) = phase else { return }
        switch reader.receive(bytes, &worker.random) {
        case .needsMore:
            break
        case .message(let message, let end):
            client?.setReading(false, watchingHangup: true)
            keepEarly(bytes.extracting(end..<bytes.count))
            guard case .firstMessage = phase else { return }
            goOn(with: reader.suspension, reader.demand.conclusion(on: message))
        case .refused:
            refuse(reader.demand.unfit)
        case .closed(let payload):
            leave(with: payload, reason: CloseReason.clientClosed.rawValue)
        case .failed(let error):
            let reason = CloseReason(error).rawValue
            leave(with: ClosePayload(code: error.closeCode, reason: reason), reason: reason)
        }
    }

    /// Says a last word to a client that has had its 101, writes the audit record, and ends once that is out.
    func leave(with payload: ClosePayload, reason: String) {
        noteUndecided()
        upstream?.close()
        upstream = nil
        facts.refuse(reason, code: payload.code ?? .noStatus, now: worker.now, since: acceptedAt)
        host.write(facts)
        phase = .ending
        guard let client else { return }
        var outlet = Outlet(channel: client, masks: false)
        outlet.sendClose(payload, &worker.random)
        finishAnswer(client)
    }
}
