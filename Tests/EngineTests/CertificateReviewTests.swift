import Crypto
import Foundation
import PolicyModel
import Testing

@testable import Engine

@Suite struct CertificateReviewTests {
    private let policies: Policies
    private let now = Int(Date().timeIntervalSince1970)

    init() throws { policies = try Policies() }

    private func findings(_ policy: Policy, now: Int) -> [String] {
        CertificateReview.findings(in: policy, now: now, resolve: { $0 }).map { "\($0.weight): \($0.message)" }
    }

    @Test(
        "what is said of dates",
        arguments: [
            (0, nil), (365 - 15, nil), (365 - 13, "soon: *(CN=*) expires in 12 days, at *Z; renew it"),
            (365 - 1, "soon: *expires in less than a day, at *"),
            (366, "useless: *has expired at *; clients turn away*"),
            (-1, "useless: *is good from *Z on, not before; clients turn away from it"),
        ] as [(Int, String?)])
    func dates(_ days: Int, _ expected: String?) throws {
        let found = findings(try policies.policy().policy, now: now + days * 86_400)
        // The leaf's, and those of the authority behind it in the chain.
        #expect(found.count == (expected == nil ? 0 : 2))
        guard let expected else { return }
        for line in found {
            var rest = line[...]
            for part in expected.split(separator: "*") {
                let place = try #require(rest.range(of: part), "\(line)")
                rest = rest[place.upperBound...]
            }
        }
        #expect(found.last?.contains(", number 2 in it (CN=Portcullis development authority") == true)
    }

    @Test("what cannot be read is what a gateway says of it")
    func unreadable() throws {
        var policy = try policies.policy().policy
        policy.listeners[0].tls.certificates[0].privateKey = "/absent.key"
        policy.listeners[0].tls.clientCertificates = .init(authority: "/absent.pem", mode: .require)
        var settings = AuthorizeSettings(url: "https://auth.example.com/")
        settings.authority = "/absent/ca.pem"
        policy.routes[0].middleware = [MiddlewareEntry(settings: .authorize(settings), position: Fixtures.position)]
        var service = JWTSettings.KeyService(url: "https://id.example.com/", authority: "/absent/keys.pem")
        service.timeout = .seconds(1)
        policy.tokenIssuers = [
            TokenIssuerPolicy(
                name: "j",
                kind: .jwt(
                    JWTSettings(issuer: "i", audiences: ["a"], algorithms: [.es256], keys: .url(service))),
                position: Fixtures.position)
        ]
        #expect(
            findings(policy, now: now) == [
                "refused: cannot load private key /absent.key: No such file or directory",
                "refused: cannot load authority /absent.pem: No such file or directory",
                "refused: cannot load authority /absent/ca.pem: No such file or directory",
                "useless: cannot load authority /absent/keys.pem: No such file or directory",
            ])
    }

    @Test("a key that any user can read is told, and one that a group shares is not", arguments: [0o600, 0o640, 0o604])
    func exposed(mode: Int) throws {
        let policy = try policies.policy().policy
        let key = policies.folder.certificate.keyFile
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: key)
        let told = "exposed: the private key \(key) is open to other users; run `chmod o= \(key)`"
        #expect(findings(policy, now: now) == (mode == 0o604 ? [told] : []))
    }

    @Test("an authority whose time is over signs nothing that holds")
    func authority() throws {
        var policy = try policies.policy().policy
        policy.listeners[0].tls.clientCertificates = .init(authority: policies.folder.authority, mode: .request)
        let found = findings(policy, now: now + 400 * 86_400)
        #expect(found.count == 3 && found[2].hasSuffix("no certificate that it has signed holds"))
    }

    @Test("paths are what they stand for, and the place is that of the certificate")
    func places() throws {
        var policy = try policies.policy().policy
        let place = SourcePosition(file: "p.yaml", line: 7, column: 11)
        policy.listeners[0].tls.certificates[0].position = place
        let found = CertificateReview.findings(in: policy, now: now, resolve: { "/elsewhere\($0)" })
        #expect(found.map(\.position) == [place])
        #expect(found[0].message.hasPrefix("cannot load certificate /elsewhere/"))
    }
}
