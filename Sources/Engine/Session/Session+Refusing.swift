internal import Crypto
internal import Logging
internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// Handshakes that lead nowhere: the answer, the audit record, the end.
extension Session {
    /// Answers with `refusal`, writes the audit record, and ends once the answer is out.
    func refuse(_ refusal: Refusal, headers extra: HeaderFields = HeaderFields()) {
        if case .ending = phase { return }
        if isGreeted {
            let payload = ClosePayload(code: refusal.reason.closeCode, reason: refusal.reason.rawValue)
            return leave(with: payload, reason: refusal.reason.rawValue)
        }
        noteUndecided()
        upstream?.close()
        upstream = nil
        facts.refuse(refusal, now: worker.now, since: acceptedAt)
        host.write(facts)
        answerAndEnd(FinalAnswer(refusal, requestID: requestID, headers: extra))
    }

    /// What exactly is wrong with a request, of which the client is told the reason alone. Never the peer's text.
    func tellRefused(_ detail: String) {
        host.logger.debug(
            "request refused", metadata: ["reason": "\(detail)"].merging(logReference) { _, new in new })
    }

    /// Sends a final answer, and ends once it is out.
    func answerAndEnd(_ answer: FinalAnswer) {
        phase = .ending
        guard let client else { return }
        if let response = answer.serialized { client.append(response) }
        finishAnswer(client)
    }

    /// The last word to a client is queued: nothing follows it.
    func finishAnswer(_ client: Channel) {
        client.setReading(true)
        client.finish()
        // A peer that still sends would lose the answer to a reset: it is read, and given up after a while.
        setPhaseDeadline(worker.now.saturatingAdd(2_000_000_000))
    }

    /// TLS has told the client by an alert; the log tells the operator.
    func refuseCertificate(_ certificate: CryptoError.PeerCertificate, _ error: CryptoError) {
        switch certificate {
        case .missing: facts.drop(.clientCertificateMissing)
        case .invalid: facts.drop(.clientCertificateInvalid, detail: error.reason)
        }
        host.write(facts)
        host.logger.debug(
            "client certificate refused",
            metadata: ["reason": "\(error.reason)"].merging(logReference) { _, new in new })
    }

    /// Nobody can be answered, and yet somebody was here.
    func drop(_ reason: RefusalReason) {
        facts.drop(reason)
        host.write(facts)
        end()
    }

    /// Ends without an answer: the client has gone, or has never spoken. A handshake that came to the chain leaves a line in
    /// the log all the same.
    func abandon() {
        noteUndecided()
        switch phase {
        case .errand, .firstMessage, .connecting, .awaitingUpstream:
            facts.abandoned(now: worker.now, since: acceptedAt)
            host.write(facts)
        case .tls:
            host.metrics.tlsFailed(.lost)
        case .proxyHeader, .head, .judging, .relay, .ending:
            break
        }
        end()
    }
}
