import COpenSSL
import Crypto
import Testing

/// A TLS client of OpenSSL's own, in memory: it can be limited as the product's cannot.
@safe private final class RawClient {
    // Owned, and freed in deinit; the session owns its BIOs.
    private let context: OpaquePointer
    private let session: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer

    /// `maximum` and `minimum` are OpenSSL's version numbers.
    init(
        minimum: Int32 = TLS1_2_VERSION, maximum: Int32 = TLS1_3_VERSION, protocols: [String] = [], host: String? = nil
    )
        throws
    {
        unsafe context = try #require(SSL_CTX_new(TLS_client_method()))
        unsafe session = try #require(SSL_new(context))
        unsafe input = try #require(BIO_new(BIO_s_mem()))
        unsafe output = try #require(BIO_new(BIO_s_mem()))
        unsafe SSL_set_bio(session, input, output)
        unsafe SSL_set_connect_state(session)
        // OpenSSL's own defaults would keep old versions away before the server can.
        unsafe SSL_set_security_level(session, 0)
        unsafe SSL_ctrl(session, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(minimum), nil)
        unsafe SSL_ctrl(session, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(maximum), nil)
        let list = protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !list.isEmpty { unsafe SSL_set_alpn_protos(session, list, UInt32(list.count)) }
        if var name = host?.utf8CString {
            _ = unsafe name.withUnsafeMutableBytes {
                unsafe SSL_ctrl(
                    session, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), $0.baseAddress)
            }
        }
    }

    deinit {
        unsafe SSL_free(session)
        unsafe SSL_CTX_free(context)
    }

    /// Whether both sides come to an agreement.
    func shakeHands(with server: TLSPeer) -> Bool {
        for _ in 0..<10 {
            let result = unsafe SSL_do_handshake(session)
            ERR_clear_error()
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = unsafe BIO_read(output, &buffer, Int32(buffer.count))
            if count > 0 { server.incoming += buffer.prefix(Int(count)) }
            server.advance()
            if !server.outgoing.isEmpty {
                unsafe BIO_write(input, server.outgoing, Int32(server.outgoing.count))
                server.outgoing = []
            }
            if result == 1, server.isSecure { return true }
        }
        return false
    }

    var version: String { unsafe String(cString: SSL_get_version(session)) }

    var cipher: String {
        unsafe SSL_CIPHER_get_name(SSL_get_current_cipher(session)).map { unsafe String(cString: $0) } ?? ""
    }

    var chosenProtocol: String {
        var bytes: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(session, &bytes, &count)
        return unsafe String(decoding: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
    }

    /// The DNS name that the server's certificate is for, if it is `name`.
    func isServed(_ name: String) -> Bool {
        let certificate = unsafe SSL_get1_peer_certificate(session)
        defer { unsafe X509_free(certificate) }
        return unsafe X509_check_host(certificate, name, name.utf8.count, 0, nil) == 1
    }
}

@Suite struct TLSServerContextTests {
    private let folder: CertificateFolder

    init() throws { folder = try CertificateFolder(hosts: ["localhost"]) }

    private func server(_ context: TLSServerContext) throws -> TLSPeer {
        let transfer = TLSTransfer()
        let peer = TLSPeer(transfer, TLSSession.server(context, over: transfer))
        return try #require(peer)
    }

    @Test(
        "H30 TLS 1.2 and 1.3, or 1.3 alone, and nothing older",
        arguments: [
            (TLS1_3_VERSION, false, "TLSv1.3"), (TLS1_2_VERSION, false, "TLSv1.2"), (TLS1_1_VERSION, false, nil),
            (TLS1_3_VERSION, true, "TLSv1.3"), (TLS1_2_VERSION, true, nil),
        ] as [(Int32, Bool, String?)])
    func versions(maximum: Int32, requiresTLS13: Bool, expected: String?) throws {
        let context = try TLSServerContext(certificates: [folder.certificate], requiresTLS13: requiresTLS13)
        let peer = try server(context)
        let client = try RawClient(minimum: TLS1_VERSION, maximum: maximum)
        #expect(client.shakeHands(with: peer) == (expected != nil))
        if let expected {
            #expect(client.version == expected)
            #expect(client.cipher.contains("GCM") || client.cipher.contains("CHACHA20"))
        } else {
            #expect(peer.error != nil && !peer.isSecure)
        }
    }

    @Test(
        "of the client's protocols http/1.1 is taken; without it there is no connection",
        arguments: [
            ([], ""), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), (["h2"], nil),
            (["http/1.0", "http/1.10"], nil),
        ] as [([String], String?)])
    func protocols(offered: [String], expected: String?) throws {
        let context = try TLSServerContext(certificates: [folder.certificate])
        let peer = try server(context)
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
        let peer = try server(context)
        let client = try RawClient(host: name)
        #expect(client.shakeHands(with: peer))
        #expect(client.isServed(expected))
        // An exact name stands before a wildcard that would do too.
        if name == "exact.wild.example" { #expect(!client.isServed("a.wild.example")) }
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
        #expect(error?.operation.contains(other.certificate.keyFile) == true)
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
        #expect(key?.operation == "load private key \(file)" && key?.reason.isEmpty == false)
    }
}
