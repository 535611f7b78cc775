internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// A request for a one-time ticket: a page shows its token by a header or a cookie, and gets what it may put into a URL.
struct TicketRequest: Sendable {
    static let path = "/.portcullis/ticket"
    /// A page may send an empty form, or nothing at all; what it sends is not looked at.
    private static let maximumBodyBytes = 8192

    /// What comes of it.
    enum Outcome {
        /// With the context as the route's chain has left it.
        case given(FinalAnswer, HandshakeContext, RouteRuntime)
        /// It is no request that a chain could judge.
        case unfit(HandshakeError)
        /// With the fields that let a page read why, and how far it came: it may be that no chain was asked.
        case refused(Refusal, HeaderFields, (context: HandshakeContext, route: RouteRuntime)?)
    }

    private let entry: RequestEntry
    /// Those that give tickets to the host.
    private let routes: [RouteRuntime]

    /// nil where it is none.
    init?(_ entry: RequestEntry, _ routes: [RouteRuntime]) {
        let head = entry.head
        guard head.target.path == Self.path, !head.headers.contains("Upgrade"),
            ["POST", "OPTIONS"].contains(head.method)
        else { return nil }
        self.routes = routes.filter { $0.chain.givesTickets && $0.policy.match.matches(host: head.host.name) }
        guard !self.routes.isEmpty else { return nil }
        self.entry = entry
    }

    /// Asks the routes. The first one that gives a ticket counts, and where none does the first that was asked: a ticket is for
    /// no route alone. `seed` are 32 random bytes; with `isTraced` the context tells what the steps have seen.
    func judge(seed: @autoclosure () -> [UInt8], at time: HandshakeTime, isTraced: Bool = false) -> Outcome {
        let request: UpgradeRequest
        do throws(HandshakeError) {
            request = try UpgradeRequest(withoutUpgrade: entry.head, maximumBodyBytes: Self.maximumBodyBytes)
        } catch {
            return .unfit(error)
        }
        let purpose = entry.head.method == "POST" ? HandshakePurpose.ticket(seed: seed()) : .preflight
        var first: (refusal: Refusal, context: HandshakeContext, route: RouteRuntime)?
        // Made once: what it costs is a client's to choose, and no rate has counted it yet.
        var asking = entry.context(request, at: time, purpose: purpose)
        if isTraced { asking.trace = ChainTrace() }
        for route in routes {
            switch route.chain.admit(asking) {
            case .answered(let answer, let context): return .given(Self.answer(answer, context), context, route)
            case .refused(let refusal, let context): first = first ?? (refusal, context, route)
            case .admitted, .suspended: continue
            }
        }
        guard let first else { return .refused(Refusal(.tokenMissing), HeaderFields(), nil) }
        return .refused(first.refusal, Self.crossOrigin(first.context), (first.context, first.route))
    }

    private static func answer(_ answer: ChainAnswer, _ context: HandshakeContext) -> FinalAnswer {
        var headers = crossOrigin(context)
        headers.add("Cache-Control", "no-store")
        switch answer {
        case .ticket(let ticket):
            headers.add("Content-Type", "application/json")
            let body = #"{"ticket":"\#(ticket)","expires_in":\#(TicketOffice.lifetime)}"#
            return FinalAnswer(status: 200, headers: headers, body: Array(body.utf8))
        case .mayAsk:
            headers.add("Access-Control-Allow-Methods", "POST")
            // What a page may send is for the chain to judge; with credentials a star would mean nothing.
            let asked = context.request.headers.values("Access-Control-Request-Headers")
            if asked.count == 1 { headers.add("Access-Control-Allow-Headers", asked[0]) }
            headers.add("Access-Control-Max-Age", "600")
            return FinalAnswer(status: 204, headers: headers, body: [])
        }
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
