import PolicyModel
import WebSocketProtocol

/// `authorize`: a service elsewhere is asked whether the handshake may pass, and may say who it is.
struct AuthorizationCheck: HandshakeMiddleware {
    private let settings: AuthorizeSettings
    private let service: (any AuthorizationService)?
    private let cache: AuthorizationCache?

    init(_ settings: AuthorizeSettings, service: (any AuthorizationService)?) {
        self.settings = settings
        self.service = service
        cache = settings.cache.map { AuthorizationCache(lifetime: $0.lifetime.nanoseconds) }
    }

    var upstreamHeaders: [String] { settings.copiedResponseHeaders }

    func judges(_ purpose: HandshakePurpose) -> Bool { purpose == .connection || purpose == .recheck }

    func evaluate(_ context: inout HandshakeContext) -> Verdict {
        if let live = context.live {
            // What the client has sent to be judged by is not kept: another question would have no answer.
            return live.answers.contains(settings.question) ? .pass : .refuse(Refusal(.authorizationRequired))
        }
        guard let service else {
            context.note("nobody carries questions to services here")
            return .refuse(Refusal(.authorizationUnavailable))
        }
        var sent = context.request.headers
        // What the client has kept from the next hop, it has kept from the service: both see the same.
        HopByHop.removeHopByHop(from: &sent)
        let place = settings.cache.map { service.digest(Self.facts(of: context, sent, $0.key)) }
        let asked = context.time.monotonic
        if let place, let grant = cache?.grant(at: place, now: asked) {
            context.note("\(settings.url) has admitted the same before")
            return admit(grant, &context)
        }
        let request = AuthorizationRequest(
            url: settings.url, headers: question(context, sent), timeout: settings.timeout,
            authority: settings.authority)
        context.note("asks \(settings.url), with \(Self.named(request.headers.fields.map(\.name)))")
        // The service gives up by itself; this is for one that does not.
        let patience = settings.timeout + .seconds(1)
        return .wait(
            .errand(
                Errand(patience: patience, late: Refusal(.authorizationUnavailable)) { answered in
                    service.ask(request) { answer in
                        answered { context in judge(answer, place, asked: asked, &context) }
                    }
                }))
    }

    private func judge(
        _ answer: AuthorizationAnswer?, _ place: [UInt8]?, asked: Int64, _ context: inout HandshakeContext
    ) -> Verdict {
        context.note(answer.map { "it answers with status \($0.status)" } ?? "it gives no answer that can be used")
        do throws(Refusal) {
            let grant = try AuthorizationGrant(answer, settings)
            if let place { cache?.remember(grant, at: place, asked: asked) }
            return admit(grant, &context)
        } catch {
            return .refuse(error)
        }
    }

    private func admit(_ grant: AuthorizationGrant, _ context: inout HandshakeContext) -> Verdict {
        for name in settings.copiedResponseHeaders { context.upstreamHeaders.removeEquivalent(name) }
        for field in grant.fields { context.upstreamHeaders.add(field.name, field.value) }
        context.authorizedSubject = grant.subject ?? context.authorizedSubject
        if let subject = grant.subject { context.note("it names \(subject)") }
        if !grant.fields.isEmpty { context.note("toward the upstream: \(Self.named(grant.fields.map(\.name))) set") }
        return .pass
    }

    private static func named(_ fields: [String]) -> String { fields.joined(separator: ", ") }

    /// The client's fields that are copied, and what nginx's `auth_request` and Traefik's `forwardAuth` tell.
    private func question(_ context: HandshakeContext, _ sent: HeaderFields) -> HeaderFields {
        var fields = HeaderFields()
        for name in settings.copiedRequestHeaders {
            for value in sent.values(name) { fields.add(name, value) }
        }
        let (host, target) = (context.request.host.description, context.request.target.description)
        fields.add("X-Forwarded-For", context.clientAddress.description)
        fields.add("X-Forwarded-Proto", "https")
        fields.add("X-Forwarded-Host", host)
        fields.add("X-Forwarded-Method", "GET")
        fields.add("X-Forwarded-Uri", target)
        fields.add("X-Original-URL", "https://\(host)\(target)")
        fields.add("X-Request-ID", context.requestID)
        return fields
    }

    /// All that a remembered answer holds for, each part behind its length, so that no two handshakes look the same: what the
    /// service is told of every handshake, but for the request's number, and the values of the fields in `key`.
    private static func facts(of context: HandshakeContext, _ sent: HeaderFields, _ key: [String]) -> [UInt8] {
        var facts: [UInt8] = []
        func add(_ text: String) {
            facts.append(contentsOf: "\(text.utf8.count):".utf8)
            facts.append(contentsOf: text.utf8)
        }
        add(context.request.host.description)
        add(context.request.target.description)
        add(context.clientAddress.description)
        for name in key {
            let values = sent.values(name)
            add(String(values.count))
            for value in values { add(value) }
        }
        return facts
    }
}
