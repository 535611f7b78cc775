internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// One-time tickets: a page shows its token here, by a header or a cookie, and gets what it may put into a URL.
extension Session {
    private static let path = "/.portcullis/ticket"
    /// A page may send an empty form, or nothing at all; what it sends is not looked at.
    private static let maximumBodyBytes = 8192

    /// Answers a request for a ticket. False where this is none.
    func answersTicket(_ head: RequestHead, from address: IPAddress, _ runtime: GatewayRuntime) -> Bool {
        guard head.target.path == Self.path, !head.headers.contains("Upgrade") else { return false }
        let routes = runtime.routes.filter { $0.chain.givesTickets && $0.policy.match.matches(host: head.host.name) }
        guard !routes.isEmpty else { return false }
        do throws(HandshakeError) {
            let request = try UpgradeRequest(withoutUpgrade: head, maximumBodyBytes: Self.maximumBodyBytes)
            switch head.method {
            case "POST": ask(routes, request, from: address, .ticket(seed: worker.random.bytes(32)))
            case "OPTIONS": ask(routes, request, from: address, .preflight)
            default: return false
            }
        } catch {
            refuse(Refusal(of: error))
        }
        return true
    }

    /// The first route that gives it counts, and where none does the first that was asked: a ticket is for no route alone.
    private func ask(
        _ routes: [RouteRuntime], _ request: UpgradeRequest, from address: IPAddress, _ purpose: HandshakePurpose
    ) {
        var firstRefusal: (Refusal, HandshakeContext, RouteRuntime)?
        for route in routes {
            let context = HandshakeContext(
                request: request, clientAddress: address, clientCertificate: facts.clientCertificate,
                requestID: requestID, time: time, purpose: purpose)
            switch route.chain.admit(context) {
            case .answered(let answer, let context):
                facts.route = route.policy.name
                facts.note(context)
                return give(answer, context)
            case .refused(let refusal, let context):
                firstRefusal = firstRefusal ?? (refusal, context, route)
            case .admitted, .suspended:
                continue
            }
        }
        guard let (refusal, context, route) = firstRefusal else { return refuse(Refusal(.tokenMissing)) }
        facts.route = route.policy.name
        facts.note(context)
        refuse(refusal, headers: Self.crossOrigin(context))
    }

    private func give(_ answer: ChainAnswer, _ context: HandshakeContext) {
        var headers = Self.crossOrigin(context)
        headers.add("Cache-Control", "no-store")
        let status: Int
        var body: [UInt8] = []
        switch answer {
        case .ticket(let ticket):
            status = 200
            headers.add("Content-Type", "application/json")
            body = Array(#"{"ticket":"\#(ticket)","expires_in":\#(TicketOffice.lifetime)}"#.utf8)
        case .mayAsk:
            status = 204
            headers.add("Access-Control-Allow-Methods", "POST")
            // What a page may send is for the chain to judge; with credentials a star would mean nothing.
            let asked = context.request.headers.values("Access-Control-Request-Headers")
            if asked.count == 1 { headers.add("Access-Control-Allow-Headers", asked[0]) }
            headers.add("Access-Control-Max-Age", "600")
        }
        facts.answerTicket(status: status, now: worker.now, since: acceptedAt)
        host.write(facts)
        answerAndEnd(status: status, headers: headers, body: body)
    }

    /// A page of another origin may read the answer where its origin was checked (the Fetch standard, section 3.2).
    private static func crossOrigin(_ context: HandshakeContext) -> HeaderFields {
        var headers = HeaderFields()
        headers.add("Vary", "Origin")
        guard let origin = context.allowedOrigin else { return headers }
        headers.add("Access-Control-Allow-Origin", origin)
        headers.add("Access-Control-Allow-Credentials", "true")
        return headers
    }
}
