internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// The request head, the router and the chain.
extension Session {
    func receiveHead(_ bytes: Span<UInt8>) {
        guard case .head(var parser) = phase else { return }
        // The parser's buffer must have one owner, or it would be copied for each chunk.
        phase = .tls
        do throws(HandshakeError) {
            let (consumed, head) = try parser.receive(bytes)
            phase = .head(parser)
            guard let head else { return }
            // Nothing more is read until the upstream has answered; what is here already waits.
            client?.setReading(false, watchingHangup: true)
            keepEarly(bytes.extracting(consumed..<bytes.count))
            guard case .head = phase else { return }
            admit(head)
        } catch {
            phase = .head(parser)
            refuse(Refusal(of: error))
        }
    }

    private func admit(_ head: RequestHead) {
        let address = ClientAddress.resolve(
            peer: peer.ip, headers: head.headers, trusted: listener.policy.trustedProxies)
        facts.note(head, client: address)
        guard !host.isDraining else { return refuse(Refusal(.draining)) }
        let runtime = host.runtime
        guard let index = runtime.router.route(host: head.host.name, path: head.target.path) else {
            return refuse(Refusal(.routeNotFound))
        }
        let route = runtime.routes[index]
        facts.route = route.policy.name
        let request: UpgradeRequest
        do throws(HandshakeError) {
            request = try UpgradeRequest(head)
        } catch {
            return refuse(Refusal(of: error))
        }
        let time = HandshakeTime(unixSeconds: SystemClock.unixMilliseconds() / 1000, monotonic: worker.now)
        let context = HandshakeContext(
            request: request, clientAddress: address, requestID: requestID, time: time)
        switch route.chain.admit(context) {
        case .refused(let refusal, let context):
            facts.note(context)
            refuse(refusal)
        case .admitted(let admitted):
            facts.note(admitted)
            host.identities.insert(self, admitted.identity)
            dial(admitted, route)
        }
    }
}
