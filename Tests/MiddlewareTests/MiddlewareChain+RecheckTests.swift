import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

private func live(
    _ identity: VerifiedToken? = nil, origin: String? = nil, from address: String = "192.0.2.1",
    answers: [AuthorizeSettings] = [], leases: [ConnectionLease] = []
) throws -> LiveConnection {
    LiveConnection(
        host: try #require(RequestHost("chat.example.com")), target: try RequestTarget(originForm: "/chat"),
        origin: origin, clientAddress: try #require(IPAddress(address)), requestID: "r-1", identity: identity,
        answers: answers, leases: leases)
}

extension MiddlewareChain {
    fileprivate func again(_ live: LiveConnection, at now: Int64 = noon) -> RecheckOutcome {
        recheck(live, at: HandshakeTime(unixSeconds: now, monotonic: 0))
    }
}

extension RecheckOutcome {
    fileprivate var reason: RefusalReason? {
        if case .refused(let refusal) = self { refusal.reason.builtin } else { nil }
    }

    fileprivate var leases: [ConnectionLease] {
        if case .stays(let leases, _) = self { leases } else { [] }
    }

    fileprivate var term: IdentityTerm? {
        if case .stays(_, let term) = self { term } else { nil }
    }
}

/// The authority of all tests here.
private let authority = ToyKey.authority

private func identity(
    scopes: [String] = ["chat.read"], expiresAt: Int64 = noon + 60, other: [String: ClaimValue] = [:]
) throws -> VerifiedToken {
    try authority.verify(
        try ToyKey.token(scopes: scopes, expiresAt: expiresAt, other: other), issuers: ["local"], audience: nil,
        scopes: [], now: noon)
}

private func tokenChain(_ change: (inout TokenSettings) -> Void = { _ in }) -> MiddlewareChain {
    var settings = TokenSettings(issuers: ["local"])
    change(&settings)
    return chain(.token(settings), tokens: authority)
}

@Suite struct MiddlewareChainRecheckTests {
    @Test("address and origin are judged as they are in a handshake")
    func addressAndOrigin() throws {
        let filter = chain(.ipFilter(IPFilterSettings(deny: CIDRSet([try CIDR("192.0.2.0/24")]))))
        #expect(filter.again(try live()).reason == .ipDenied)
        #expect(filter.again(try live(from: "198.51.100.1")).reason == nil)
        let pattern = OriginSettings.Pattern(scheme: "https", host: "app.example.com", port: 443)
        let origins = chain(.origin(OriginSettings(allow: [pattern])))
        #expect(origins.again(try live(origin: "https://app.example.com")).reason == nil)
        #expect(origins.again(try live(origin: "https://evil.example.com")).reason == .originDenied)
        #expect(origins.again(try live()).reason == .originMissing)
    }

    @Test("rates, headers and assertions say nothing of a connection that lives")
    func aside() throws {
        let rate = ConnectionRateSettings(rate: Rate(count: 1, period: .seconds(3600)), burst: 1)
        let chain = chain(
            .connectionRate(rate), .headers(HeadersSettings()),
            .identityAssertion(IdentityAssertionSettings(audience: "a")))
        for _ in 0..<3 { #expect(chain.again(try live(try identity())).reason == nil) }
        // And they use nothing up.
        #expect(chain.admit(try context()).reason == nil)
    }

    @Test("as many go as are too many, and each makes room at once")
    func limitLowered() throws {
        var environment = MiddlewareEnvironment(tokens: authority)
        func chain(_ maximum: Int, prefix: Int = 64, mode: EnforcementMode = .enforce) -> MiddlewareChain {
            environment.memory = environment.memory.succeeding
            let settings = ConnectionLimitSettings(maximum: maximum, ipv6Prefix: prefix)
            return MiddlewareChain(
                entries: [MiddlewareEntry(settings: .connectionLimit(settings), mode: mode, position: position)],
                name: "route chat", environment: &environment)
        }
        let before = chain(4)
        let all = try (0..<4).map { _ in try live(leases: #require(before.admit(try context()).admitted).leases) }
        // In shadow mode all stay, and all stay counted.
        let shadow = chain(2, mode: .shadow)
        #expect(all.map { shadow.again($0).leases.count } == [1, 1, 1, 1])
        let lowered = chain(2)
        #expect(all.map { lowered.again($0).reason != nil } == [true, true, false, false])
        #expect(all[2...].map { lowered.again($0).leases.count } == [1, 1])
        #expect(lowered.admit(try context()).reason == .connectionLimitExceeded)
        // A count of another shape is a new one, in which each takes its place.
        let other = chain(1, prefix: 56)
        let outcomes = all[2...].map { other.again($0) }
        #expect(outcomes.map { $0.reason } == [nil, .connectionLimitExceeded])
        #expect(outcomes.first?.leases.count == 1)
    }

    @Test("what a connection gave back before its time is not given back twice")
    func givenBackOnce() throws {
        let counter = ConnectionCounter()
        let address = IPAddress.v4(1)
        var leases = [counter.lease(address, maximum: 3), counter.lease(address, maximum: 3)].compactMap { $0 }
        #expect(leases.first?.giveBack(ifOver: 1, isTrial: false) == true)
        leases.removeFirst()
        // One is counted, and no more than one is let in beside it.
        let held = counter.lease(address, maximum: 2)
        #expect(held != nil && counter.lease(address, maximum: 2) == nil)
    }

    @Test("a token by what is kept of it: who, what for, how old, from where")
    func token() throws {
        let token = try live(try identity())
        #expect(tokenChain().again(token).reason == nil)
        #expect(tokenChain().again(try live()).reason == .tokenMissing)
        #expect(tokenChain { $0.scopes = ["chat.write"] }.again(token).reason == .tokenScopeMissing)
        #expect(tokenChain { $0.audience = "feed" }.again(token).reason == .tokenAudienceMismatch)
        #expect(tokenChain { $0.issuers = [] }.again(token).reason == .tokenIssuerUnknown)
        #expect(tokenChain { $0.maximumAge = .seconds(60) }.again(token).reason == .tokenTooOld)
        let bound = try live(try identity(other: ["from_address": .array([.string("198.51.100.0/24")])]))
        #expect(tokenChain().again(bound).reason == .tokenAddressMismatch)
    }

    @Test("a token holds the connection for as long as the new policy says")
    func term() throws {
        let token = try live(try identity())
        #expect(tokenChain().again(token).term?.end == noon + 60)
        #expect(tokenChain { $0.expiryGrace = .seconds(40) }.again(token).term?.end == noon + 100)
        let tooOld = tokenChain { $0.maximumAge = .seconds(90) }.again(token).term
        #expect(tooOld?.end == noon + 30 && tooOld?.reason == .tokenTooOld)
        // Within its grace it stays; without one its time is over.
        #expect(tokenChain { $0.expiryGrace = .seconds(40) }.again(token, at: noon + 80).reason == nil)
        #expect(tokenChain().again(token, at: noon + 60).reason == .tokenExpired)
        #expect(chain().again(token).term == nil)
    }

    @Test("an answer of an authorisation service holds for the same question alone")
    func authorize() throws {
        var settings = AuthorizeSettings(url: "http://127.0.0.1:9100/check")
        let before = chain(.authorize(settings))
        let held = try live(answers: before.questions)
        settings.timeout = .seconds(1)
        settings.cache = AuthorizeSettings.Cache(lifetime: .seconds(1), key: [])
        #expect(chain(.authorize(settings)).again(held).reason == nil)
        #expect(chain(.authorize(settings)).again(try live()).reason == .authorizationRequired)
        for change: (inout AuthorizeSettings) -> Void in [
            { $0.url = "http://127.0.0.1:9100/other" }, { $0.copiedRequestHeaders = ["Cookie"] },
            { $0.subjectHeader = "X-Subject" }, { $0.authority = "ca.pem" },
        ] {
            var changed = settings
            change(&changed)
            #expect(chain(.authorize(changed)).again(held).reason == .authorizationRequired)
        }
    }

    @Test("who was only asked in shadow mode has said nothing")
    func shadowedQuestion() throws {
        var environment = MiddlewareEnvironment(tokens: authority)
        let settings = MiddlewareSettings.authorize(AuthorizeSettings(url: "http://127.0.0.1:9100/check"))
        let shadow = MiddlewareChain(
            entries: [MiddlewareEntry(settings: settings, mode: .shadow, position: position)], name: "route chat",
            environment: &environment)
        #expect(shadow.questions.isEmpty)
        #expect(shadow.again(try live()).reason == nil)
        #expect(chain(settings).questions.count == 1)
    }
}
