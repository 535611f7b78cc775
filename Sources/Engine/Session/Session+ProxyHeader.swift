internal import Logging
internal import Middleware
internal import PolicyModel

/// What comes before TLS where the peer is a load balancer that says whom it brings.
extension Session {
    func receiveProxyHeader(_ bytes: Span<UInt8>) {
        guard case .proxyHeader(var reader) = phase else { return }
        do throws(ProxyHeaderError) {
            let read = try reader.receive(bytes)
            phase = .proxyHeader(reader)
            guard let (header, consumed) = read else { return }
            if case .source(let source) = header {
                peer = source
                facts.name(source.ip)
            }
            guard admitPeer() else { return }
            startTLS(with: bytes.extracting(consumed..<bytes.count))
        } catch {
            tellOfMissingHeader(error)
            drop(.malformedProxyHeader)
        }
    }

    /// What the acceptor does for all others: there the peer's address is the client's. By the policy in force.
    private func admitPeer() -> Bool {
        let inForce = host.runtime.successor(of: listener) ?? listener
        recheckScope.remove(.admission)
        switch inForce.admission.admit(peer.ip, monotonic: worker.now) {
        case .failure(let reason):
            drop(reason)
            return false
        case .success(let admission):
            admissionLeases = admission.leases
            facts.note(admission.shadowRefusals)
            return true
        }
    }

    private func tellOfMissingHeader(_ error: ProxyHeaderError) {
        guard let untold = host.proxyNotice.happened(to: listener.policy.name, now: worker.now) else { return }
        host.logger.warning(
            "connection dropped: \(error)",
            metadata: [
                "listener": "\(listener.policy.name)", "peer": "\(peer)",
                "hint": "the policy's `proxy_protocol` names this peer: have it send the header, or take it out there",
                "before": "\(untold) more",
            ])
    }
}
