import COpenSSL
import Testing

@testable import Crypto

/// For whom a session may be resumed (CVE-2025-23419).
@Suite struct TLSServerNamesTests {
    typealias Demand = TLSServerContext.ClientCertificates

    private let folders: [CertificateFolder]
    private let authority: ClientAuthority
    private let keys = TicketKeys(now: 0)
    private static let versions = [TLS1_2_VERSION, TLS1_3_VERSION]

    init() throws {
        folders = try [["one.example"], ["two.example", "*.wild.example"]].map { try CertificateFolder(hosts: $0) }
        authority = try ClientAuthority()
    }

    private func doorway(_ demand: Demand? = nil, certificates: Int = 2, tls13: Bool = false) throws -> Doorway {
        Doorway(
            context: try TLSServerContext(
                certificates: folders.prefix(certificates).map(\.certificate), requiresTLS13: tls13,
                clientCertificates: demand, ticketKeys: keys))
    }

    @Test("H31 no name that a client could send continues one scope into another")
    func scopes() {
        func context(_ scope: [UInt8], _ name: [UInt8]) -> [UInt8] {
            TLSServerNames(contexts: [], scope: scope).sessionContext(for: name)
        }
        let (scope, name) = (Array("scope".utf8), Array("one.example".utf8))
        let inside = context(scope, name)
        #expect(context([], scope + name) != inside)
        #expect(context(Array(scope.dropLast()), scope.suffix(1) + name) != inside)
        #expect(inside.count == 32)
    }

    private static let hosts = [
        "one.example", "two.example", "a.wild.example", "b.wild.example", "unknown.example", nil,
    ]

    @Test("H31 a session is resumed for the host that it was made for, and for no other", arguments: versions, [1, 2])
    func host(version: Int32, certificates: Int) throws {
        let alice = try authority.identity("alice")
        for demand in [nil, Demand(authorityFile: authority.file, mode: .require)] {
            let door = try doorway(demand, certificates: certificates)
            for first in Self.hosts {
                let session = try door.connect(version, host: first, identity: alice).session
                for second in Self.hosts {
                    let again = try door.connect(version, host: second, identity: alice, resuming: session)
                    #expect(again.client.isResumed == (first == second), "\(first ?? "-") for \(second ?? "-")")
                    // The server knows it as well as its client.
                    #expect(again.server.isResumed == again.client.isResumed)
                    #expect(again.server.clientCertificate == (demand == nil ? nil : "CN=alice,O=Portcullis"))
                }
            }
        }
    }

    @Test("H31 the host's name is the same in capitals", arguments: versions)
    func capitals(version: Int32) throws {
        let door = try doorway()
        let session = try door.connect(version, host: "two.example").session
        #expect(try door.connect(version, host: "TWO.Example", resuming: session).client.isResumed)
    }

    @Test("H31 a session is resumed under the same demand alone: same authority, same mode", arguments: versions)
    func demand(version: Int32) throws {
        let other = try ClientAuthority("other")
        let identities = try [authority.file: authority.identity("alice"), other.file: other.identity("alice")]
        let demands = [
            nil, Demand(authorityFile: authority.file, mode: .request),
            Demand(authorityFile: authority.file, mode: .require), Demand(authorityFile: other.file, mode: .require),
        ]
        for (i, first) in demands.enumerated() {
            let identity = first.flatMap { identities[$0.authorityFile] }
            let session = try doorway(first).connect(version, host: "two.example", identity: identity).session
            for (j, second) in demands.enumerated() {
                let next = second.flatMap { identities[$0.authorityFile] }
                let again = try doorway(second).connect(
                    version, host: "two.example", identity: next, resuming: session)
                #expect(again.client.isResumed == (i == j), "\(i) for \(j)")
                #expect((again.server.clientCertificate != nil) == (second != nil))
            }
        }
    }

    @Test("H31 a session of a client without a certificate opens no door that requires one", arguments: versions)
    func without(version: Int32) throws {
        let open = try doorway(Demand(authorityFile: authority.file, mode: .request)).connect(version, host: nil)
        let door = try doorway(Demand(authorityFile: authority.file, mode: .require))
        let server = try TLSPeer.server(door.context)
        let client = try RawClient(minimum: version, maximum: version, resuming: open.session)
        #expect(!client.shakeHands(with: server) && !client.isResumed)
        #expect(server.error?.peerCertificate == .missing)
    }

    @Test("H31 the demand holds whichever certificate the server name chooses", arguments: versions, hosts)
    func everyHost(version: Int32, host: String?) throws {
        let door = try doorway(Demand(authorityFile: authority.file, mode: .require))
        let server = try TLSPeer.server(door.context)
        let client = try RawClient(minimum: version, maximum: version, host: host)
        #expect(!client.shakeHands(with: server) && server.error?.peerCertificate == .missing)
    }

    @Test("H30 so does the version", arguments: hosts)
    func everyVersion(host: String?) throws {
        let door = try doorway(tls13: true)
        let server = try TLSPeer.server(door.context)
        let client = try RawClient(maximum: TLS1_2_VERSION, host: host)
        #expect(!client.shakeHands(with: server) && server.error != nil)
    }
}
