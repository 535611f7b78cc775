import Crypto
import Middleware
import PolicyModel
import Testing
import Tokens

@testable import Engine

/// Policies with one listener and one route, whose certificates stand in a folder of their own.
struct Policies {
    let folder: CertificateFolder

    init() throws {
        folder = try CertificateFolder(hosts: ["localhost"])
    }

    func policy(
        _ name: String = "v1", listener: String = "public", address: String = "127.0.0.1:0",
        admission: [MiddlewareSettings] = [], upstream: String = "localhost"
    ) throws -> VersionedPolicy {
        let files = TLSPolicy.CertificateFiles(
            certificate: folder.certificate.chainFile, privateKey: folder.certificate.keyFile,
            position: Fixtures.position)
        let policy = Policy(
            listeners: [
                ListenerPolicy(
                    name: listener, address: try #require(SocketAddress(address)),
                    tls: TLSPolicy(certificates: [files]),
                    admission: admission.map { MiddlewareEntry(settings: $0, position: Fixtures.position) },
                    position: Fixtures.position)
            ],
            upstreams: [
                UpstreamPolicy(name: "u", endpoints: [.init(host: upstream, port: 9001)])
            ],
            routes: [Fixtures.routePolicy()])
        return VersionedPolicy(policy: policy, version: name)
    }

    func runtime(_ policy: VersionedPolicy, after before: GatewayRuntime? = nil) throws -> GatewayRuntime {
        try GatewayRuntime(policy, GatewayServices(tokens: TokenAuthority()), after: before)
    }
}

@Suite struct GatewayRuntimeTests {
    @Test("what the runtime before it has learnt goes on: connections, rates, addresses")
    func succession() throws {
        let policies = try Policies()
        let rate = ConnectionRateSettings(rate: Rate(count: 1, period: .seconds(3600)), burst: 1)
        let first = try policies.runtime(try policies.policy(admission: [.connectionRate(rate)]))
        let listener = try #require(first.listeners.first)
        #expect(listener.connections.add() == 1)
        #expect(throws: Never.self) { try listener.admission.admit(.v4(1), monotonic: 0).get() }
        _ = first.upstreams.first?.resolve()

        let second = try policies.runtime(try policies.policy("v2", admission: [.connectionRate(rate)]), after: first)
        let successor = try #require(second.successor(of: listener))
        #expect(successor !== listener && successor === second.listeners.first)
        #expect(successor.connections.value == 1)
        #expect(throws: RefusalReason.connectionRateExceeded) {
            try successor.admission.admit(.v4(1), monotonic: 0).get()
        }
        #expect(second.upstreams.first?.isIncomplete == false)
        #expect(second.routes.first?.upstream === second.upstreams.first)
    }

    @Test("a listener that is gone has no successor")
    func gone() throws {
        let policies = try Policies()
        let first = try policies.runtime(try policies.policy())
        let second = try policies.runtime(try policies.policy(listener: "other"), after: first)
        let listener = try #require(first.listeners.first)
        #expect(second.successor(of: listener) == nil)
    }

    @Test("a certificate that cannot be read is an error, and not a runtime")
    func certificate() throws {
        let policies = try Policies()
        var policy = try policies.policy()
        policy.policy.listeners[0].tls.certificates[0].privateKey = "/nowhere/server.key"
        #expect(throws: CryptoError.self) { try policies.runtime(policy) }
    }

    @Test("an authority of an authorisation service that cannot be read is an error, too")
    func authority() throws {
        let policies = try Policies()
        func runtime(_ authority: String) throws -> GatewayRuntime {
            var policy = try policies.policy()
            var settings = AuthorizeSettings(url: "https://auth.example.com/")
            settings.authority = authority
            policy.policy.routes[0].middleware = [
                MiddlewareEntry(settings: .authorize(settings), position: Fixtures.position)
            ]
            return try policies.runtime(policy)
        }
        #expect(throws: CryptoError.self) { try runtime("/nowhere/ca.pem") }
        #expect(throws: Never.self) { try runtime(policies.folder.certificate.chainFile) }
    }

    @Test("listeners share a socket by address; where the system chooses the port, by name")
    func binding() throws {
        let policies = try Policies()
        func binding(_ name: String, _ address: String) throws -> Listener.Binding? {
            try policies.runtime(try policies.policy(listener: name, address: address)).listeners.first?.binding
        }
        #expect(try binding("a", "127.0.0.1:8443") == (try binding("b", "127.0.0.1:8443")))
        #expect(try binding("a", "127.0.0.1:8443") != (try binding("a", "127.0.0.1:8444")))
        #expect(try binding("a", "127.0.0.1:0") != (try binding("b", "127.0.0.1:0")))
        #expect(try binding("a", "127.0.0.1:0") == (try binding("a", "127.0.0.1:0")))
    }
}
