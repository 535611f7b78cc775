import COpenSSL
import Crypto
import Glibc
import Testing

@Suite struct TLSServerContextTests {
    private let folder: CertificateFolder

    init() throws { folder = try CertificateFolder(hosts: ["localhost"]) }

    @Test(
        "H30 TLS 1.2 and 1.3, or 1.3 alone, and nothing older",
        arguments: [
            (TLS1_3_VERSION, false, "TLSv1.3"), (TLS1_2_VERSION, false, "TLSv1.2"), (TLS1_1_VERSION, false, nil),
            (TLS1_3_VERSION, true, "TLSv1.3"), (TLS1_2_VERSION, true, nil),
        ] as [(Int32, Bool, String?)])
    func versions(maximum: Int32, requiresTLS13: Bool, expected: String?) throws {
        let context = try TLSServerContext(certificates: [folder.certificate], requiresTLS13: requiresTLS13)
        let peer = try TLSPeer.server(context)
        let client = try RawClient(minimum: TLS1_VERSION, maximum: maximum)
        #expect(client.shakeHands(with: peer) == (expected != nil))
        if let expected {
            #expect(client.version == expected)
            #expect("TLSv" + peer.version == expected)
            #expect(client.cipher.contains("GCM") || client.cipher.contains("CHACHA20"))
            #expect(!client.isCompressed)
        } else {
            #expect(peer.error != nil && !peer.isSecure)
        }
    }

    @Test("H30 a handshake inside another is refused")
    func renegotiation() throws {
        let peer = try TLSPeer.server(TLSServerContext(certificates: [folder.certificate]))
        let client = try RawClient(maximum: TLS1_2_VERSION)
        #expect(client.shakeHands(with: peer))
        #expect(!client.renegotiate(with: peer))
    }

    @Test(
        "of the client's protocols http/1.1 is taken; without it there is no connection",
        arguments: [
            ([], ""), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), (["h2"], nil),
            (["http/1.0", "http/1.10"], nil),
        ] as [([String], String?)])
    func protocols(offered: [String], expected: String?) throws {
        let context = try TLSServerContext(certificates: [folder.certificate])
        let peer = try TLSPeer.server(context)
        let client = try RawClient(protocols: offered)
        #expect(client.shakeHands(with: peer) == (expected != nil))
        if let expected { #expect(client.chosenProtocol == expected) } else { #expect(peer.error != nil) }
    }

    @Test(
        "the server name chooses the certificate; the first is for all others",
        arguments: [
            ("one.example", "one.example"), ("two.example", "two.example"), ("TWO.example", "two.example"),
            ("a.wild.example", "a.wild.example"), ("exact.wild.example", "exact.wild.example"),
            ("a.b.wild.example", "one.example"), ("wild.example", "one.example"), ("other.example", "one.example"),
            (nil, "one.example"),
        ] as [(String?, String)])
    func serverName(name: String?, expected: String) throws {
        let folders = try [["one.example"], ["two.example", "*.wild.example"], ["exact.wild.example"]].map {
            try CertificateFolder(hosts: $0)
        }
        let context = try TLSServerContext(certificates: folders.map(\.certificate))
        let peer = try TLSPeer.server(context)
        let client = try RawClient(host: name)
        #expect(client.shakeHands(with: peer))
        #expect(client.isServed(expected))
        // An exact name stands before a wildcard that would do too.
        if name == "exact.wild.example" { #expect(!client.isServed("a.wild.example")) }
    }

    @Test("when each certificate ends, by its first name; of two of one name, the one that ends first")
    func ends() throws {
        let folders = try [["one.example", "two.example"], ["two.example"], ["one.example"]].map {
            try CertificateFolder(hosts: $0)
        }
        let single = try folders.map { try TLSServerContext(certificates: [$0.certificate]).certificateEnds }
        #expect(single.map { Array($0.keys) } == [["one.example"], ["two.example"], ["one.example"]])
        let all = try TLSServerContext(certificates: folders.map(\.certificate)).certificateEnds
        #expect(Set(all.keys) == ["one.example", "two.example"])
        let (first, last) = (try #require(single[0]["one.example"]), try #require(single[2]["one.example"]))
        #expect(all["one.example"] == min(first, last))
        // Development certificates are good for 397 days at most, and for a day at least.
        let now = Int64(time(nil))
        #expect((now + 86_400...now + 400 * 86_400).contains(first))
    }

    @Test("no certificate is an error")
    func none() {
        let error = #expect(throws: CryptoError.self) { try TLSServerContext(certificates: []) }
        #expect(error?.reason == "no certificate is given")
    }

    @Test("a file that is missing is named, with the reason")
    func missing() throws {
        let good = folder.certificate
        let absent = folder.path + "/absent.pem"
        let chain = #expect(throws: CryptoError.self) {
            try TLSServerContext(certificates: [.init(chainFile: absent, keyFile: good.keyFile)])
        }
        #expect(chain?.description == "cannot load certificate \(absent): No such file or directory")
        let key = #expect(throws: CryptoError.self) {
            try TLSServerContext(certificates: [.init(chainFile: good.chainFile, keyFile: absent)])
        }
        #expect(key?.description == "cannot load private key \(absent): No such file or directory")
    }

    @Test("a key that is another certificate's is told, with its file")
    func mismatch() throws {
        let other = try CertificateFolder(hosts: ["localhost"])
        let error = #expect(throws: CryptoError.self) {
            try TLSServerContext(certificates: [
                .init(chainFile: folder.certificate.chainFile, keyFile: other.certificate.keyFile)
            ])
        }
        let (key, chain) = (other.certificate.keyFile, folder.certificate.chainFile)
        #expect(error?.operation == "match private key \(key) with certificate \(chain)")
        #expect(error?.reason == "key values mismatch")
    }

    @Test("a file that holds something else is an error that names it", arguments: ["", "not PEM\n"])
    func notPEM(text: String) throws {
        let file = try folder.write(text, to: "other.pem")
        let chain = #expect(throws: CryptoError.self) {
            try TLSServerContext(certificates: [.init(chainFile: file, keyFile: folder.certificate.keyFile)])
        }
        #expect(chain?.description == "cannot load certificate \(file): no start line")
        let key = #expect(throws: CryptoError.self) {
            try TLSServerContext(certificates: [.init(chainFile: folder.certificate.chainFile, keyFile: file)])
        }
        #expect(key?.operation == "load private key \(file)")
        #expect(key?.reason.hasPrefix("there is no private key in this file") == true)
    }

    @Test("a certificate where the key should be is no key, and a key that cannot be read is told in OpenSSL's words")
    func notAKey() throws {
        let chain = folder.certificate.chainFile
        func reason(_ keyFile: String) -> String? {
            let error = #expect(throws: CryptoError.self) {
                try TLSServerContext(certificates: [.init(chainFile: chain, keyFile: keyFile)])
            }
            return error?.reason
        }
        #expect(reason(chain)?.hasPrefix("there is no private key in this file") == true)
        let cut = try folder.write("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", to: "cut.key")
        let said = try #require(reason(cut))
        #expect(!said.isEmpty && !said.contains("private key"))
    }

    @Test(
        "an encrypted private key is told as such, and nobody is asked for its pass phrase",
        arguments: [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                + "MIIB\n-----END RSA PRIVATE KEY-----\n",
        ])
    func encrypted(text: String) throws {
        let file = try folder.write(text, to: "encrypted.key")
        let error = #expect(throws: CryptoError.self) {
            try TLSServerContext(certificates: [.init(chainFile: folder.certificate.chainFile, keyFile: file)])
        }
        #expect(error?.reason.hasPrefix("the private key is encrypted") == true)
        #expect(error?.reason.contains("`openssl pkey -in \(file) -out NEW`") == true)
    }
}
