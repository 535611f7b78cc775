import COpenSSL
import Foundation
import Testing

@testable import Crypto

@Suite struct TLSClientAuthorityTests {
    typealias Demand = TLSServerContext.ClientCertificates

    private let folder: CertificateFolder
    private let authority: ClientAuthority
    private static let versions = [TLS1_2_VERSION, TLS1_3_VERSION]

    init() throws {
        folder = try CertificateFolder(hosts: ["localhost"])
        authority = try ClientAuthority()
    }

    private func doorway(_ mode: Demand.Mode, _ other: ClientAuthority? = nil) throws -> Doorway {
        Doorway(
            context: try TLSServerContext(
                certificates: [folder.certificate],
                clientCertificates: Demand(authorityFile: (other ?? authority).file, mode: mode)))
    }

    /// A handshake that may fail: the server's side, and the alert that the client has got.
    private func attempt(
        _ door: Doorway, _ version: Int32, _ identity: ClientIdentity?
    ) throws -> (server: TLSPeer, alert: Int?) {
        let server = try TLSPeer.server(door.context)
        let client = try RawClient(minimum: version, maximum: version, host: "localhost", identity: identity)
        let isDone = client.shakeHands(with: server)
        return (server, isDone ? nil : client.alert)
    }

    @Test("H31 a certificate of the authority is taken, and its subject known", arguments: versions)
    func valid(version: Int32) throws {
        let alice = try authority.identity("alice")
        for mode in [Demand.Mode.request, .require] {
            let door = try doorway(mode)
            let first = try door.connect(version, identity: alice)
            #expect(first.server.clientCertificate == "CN=alice,O=Portcullis")
            // A session that is resumed is the same client's.
            let second = try door.connect(version, identity: alice, resuming: first.session)
            #expect(second.client.isResumed && second.server.clientCertificate == "CN=alice,O=Portcullis")
        }
    }

    @Test("H31 without a certificate there is no connection, or one without a name", arguments: versions)
    func none(version: Int32) throws {
        let refused = try attempt(doorway(.require), version, nil)
        #expect(!refused.server.isSecure && refused.server.error?.peerCertificate == .missing)
        // RFC 8446 section 6.2: certificate_required; TLS 1.2 has handshake_failure.
        #expect(refused.alert == (version == TLS1_3_VERSION ? 116 : 40))
        let taken = try attempt(doorway(.request), version, nil)
        #expect(taken.server.isSecure && taken.server.clientCertificate == nil)
    }

    enum Fault: CaseIterable {
        case stranger, sameName, over, purpose
    }

    @Test(
        "H31 a certificate that does not hold is refused, also where none is needed", arguments: versions,
        Fault.allCases)
    func invalid(version: Int32, fault: Fault) throws {
        let (identity, alert): (ClientIdentity, Int) =
            switch fault {
            // unknown_ca, or decrypt_error where the name is right and the signature is not.
            case .stranger: (try ClientAuthority("other").identity("alice"), 48)
            case .sameName: (try ClientAuthority().identity("alice"), 48)
            // certificate_expired.
            case .over: (try authority.identity("alice", validDays: 0), 45)
            // unsupported_certificate.
            case .purpose: (try authority.identity("alice", purpose: "serverAuth"), 43)
            }
        for mode in [Demand.Mode.request, .require] {
            let refused = try attempt(doorway(mode), version, identity)
            #expect(!refused.server.isSecure && refused.server.error?.peerCertificate == .invalid)
            #expect(refused.alert == alert || (fault == .sameName && refused.alert == 51))
        }
    }

    @Test(
        "a subject is ASCII without control characters, and its separators are escaped",
        arguments: [
            ("a,b+c\"d", #"CN=a\,b\+c\"d,O=Portcullis"#), ("Zoë", #"CN=Zo\C3\AB,O=Portcullis"#),
            ("a\r\nX: 1", #"CN=a\0D\0AX: 1,O=Portcullis"#), (" a ", #"CN=\ a\ ,O=Portcullis"#),
            ("alice,O=Admins", #"CN=alice\,O\=Admins,O=Portcullis"#),
        ])
    func subject(name: String, expected: String) throws {
        let found = try doorway(.require).connect(TLS1_3_VERSION, identity: authority.identity(name))
        let text = try #require(found.server.clientCertificate)
        #expect(text.utf8.allSatisfy { (0x20..<0x7f).contains($0) })
        // OpenSSL leaves `=` as it is within a value, where RFC 2253 lets it stand.
        #expect(text == expected || text == expected.replacingOccurrences(of: #"\="#, with: "="))
    }

    @Test("an authority's file that is missing or holds none is named", arguments: ["", "no PEM\n"])
    func files(text: String) throws {
        let absent = folder.path + "/absent.pem"
        let missing = #expect(throws: CryptoError.self) {
            try TLSServerContext(
                certificates: [folder.certificate],
                clientCertificates: Demand(authorityFile: absent, mode: .require))
        }
        #expect(missing?.description == "cannot load authority \(absent): No such file or directory")
        let file = try folder.write(text, to: "none.pem")
        let none = #expect(throws: CryptoError.self) {
            try TLSServerContext(
                certificates: [folder.certificate], clientCertificates: Demand(authorityFile: file, mode: .require))
        }
        #expect(none?.description == "cannot load authority \(file): no start line")
    }

    @Test("a broken certificate among good ones is an error, and not left out")
    func broken() throws {
        let good = try String(contentsOfFile: authority.file, encoding: .utf8)
        let half = good.replacingOccurrences(of: "\nMII", with: "\nMIJ")
        let file = try folder.write(good + half, to: "half.pem")
        let error = #expect(throws: CryptoError.self) {
            try TLSServerContext(
                certificates: [folder.certificate], clientCertificates: Demand(authorityFile: file, mode: .require))
        }
        #expect(error?.operation == "load authority \(file)")
    }
}
