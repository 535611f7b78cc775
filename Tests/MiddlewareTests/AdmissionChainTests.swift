import PolicyModel
import Testing
import Tokens

@testable import Middleware

private func admission(_ settings: MiddlewareSettings..., mode: EnforcementMode = .enforce) -> AdmissionChain {
    var environment = MiddlewareEnvironment(tokens: TokenAuthority())
    return AdmissionChain(
        entries: settings.map { MiddlewareEntry(settings: $0, mode: mode, position: position) },
        name: "listener public",
        environment: &environment)
}

extension Result where Success == AdmissionLeases, Failure == RefusalReason {
    fileprivate var reason: RefusalReason? {
        if case .failure(let reason) = self { reason } else { nil }
    }
}

@Suite struct AdmissionChainTests {
    private let peer = IPAddress.v4(0xc000_0201)

    @Test("filter, rate and limit by the address alone")
    func checks() throws {
        let filter = IPFilterSettings(deny: CIDRSet([try CIDR("192.0.2.0/24")]))
        #expect(admission(.ipFilter(filter)).admit(peer, monotonic: 0).reason == .ipDenied)
        #expect(admission(.ipFilter(filter)).admit(.v4(1), monotonic: 0).reason == nil)

        let rate = admission(
            .connectionRate(ConnectionRateSettings(rate: Rate(count: 1, period: .seconds(1)), burst: 1)))
        #expect(rate.admit(peer, monotonic: 0).reason == nil)
        #expect(rate.admit(peer, monotonic: 0).reason == .connectionRateExceeded)
        #expect(rate.admit(peer, monotonic: 1_000_000_000).reason == nil)

        let limit = admission(.connectionLimit(ConnectionLimitSettings(maximum: 1)))
        var live: AdmissionLeases? = try limit.admit(peer, monotonic: 0).get()
        #expect(live?.leases.count == 1)
        #expect(limit.admit(peer, monotonic: 0).reason == .connectionLimitExceeded)
        live = nil
        #expect(limit.admit(peer, monotonic: 0).reason == nil)
    }

    @Test("shadow: noted, not enforced")
    func shadow() throws {
        let chain = admission(.ipFilter(IPFilterSettings(allow: CIDRSet([]))), mode: .shadow)
        let admitted = try chain.admit(peer, monotonic: 0).get()
        #expect(admitted.shadowRefusals == [ShadowRefusal(middleware: "ip_filter", reason: .ipNotAllowed)])
    }

    @Test("a middleware that needs a request lets nobody in here")
    func closed() {
        let chain = admission(.origin(OriginSettings(allow: [], admitsMissing: true)))
        #expect(chain.admit(peer, monotonic: 0).reason == .ipNotAllowed)
    }

    @Test("a peer that was admitted is judged again by filter and limit, not by rate; shadow ends nobody")
    func recheck() throws {
        let deny = MiddlewareSettings.ipFilter(IPFilterSettings(deny: CIDRSet([try CIDR("192.0.2.0/24")])))
        let rate = MiddlewareSettings.connectionRate(
            ConnectionRateSettings(rate: Rate(count: 1, period: .seconds(3600)), burst: 1))
        let limit = admission(rate, .connectionLimit(ConnectionLimitSettings(maximum: 1)))
        let held = try limit.admit(peer, monotonic: 0).get().leases
        for _ in 0..<3 { #expect(try limit.recheck(peer, holding: held).get().count == 1) }
        #expect(throws: RefusalReason.ipDenied) { try admission(deny).recheck(peer, holding: []).get() }
        #expect(throws: Never.self) { try admission(deny).recheck(.v4(1), holding: []).get() }
        #expect(throws: Never.self) { try admission(deny, mode: .shadow).recheck(peer, holding: []).get() }
        let unfit = admission(.origin(OriginSettings(allow: [], admitsMissing: true)))
        #expect(throws: RefusalReason.ipNotAllowed) { try unfit.recheck(peer, holding: []).get() }
    }
}
