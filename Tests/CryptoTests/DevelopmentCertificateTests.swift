import COpenSSL
import Crypto
import Testing

@Suite struct DevelopmentCertificateTests {
    @Test(
        "OpenSSL's strict verification takes the chain for each of its hosts, as a server",
        arguments: ["localhost", "127.0.0.1", "::1", "door.example.com", "a.wild.example.com"])
    func verifies(host: String) throws {
        let files = try DevelopmentCertificate.make(
            hosts: ["localhost", "127.0.0.1", "::1", "Door.Example.com", "*.wild.example.com"])
        #expect(verify(files, host: host) == X509_V_OK)
    }

    @Test("and for no other", arguments: ["example.com", "wild.example.com", "127.0.0.2", "localhost.example.com"])
    func otherHosts(host: String) throws {
        let files = try DevelopmentCertificate.make(hosts: ["localhost", "127.0.0.1", "*.wild.example.com"])
        #expect(verify(files, host: host) != X509_V_OK)
    }

    @Test("another authority of the same name does not stand for it")
    func otherAuthority() throws {
        let files = try DevelopmentCertificate.make(hosts: ["localhost"])
        let other = try DevelopmentCertificate.make(hosts: ["localhost"])
        #expect(verify(files, authority: other.authorityPEM, host: "localhost") != X509_V_OK)
    }

    @Test("the chain is leaf, then authority, and the key is the leaf's")
    func files() throws {
        let files = try DevelopmentCertificate.make(hosts: ["localhost"])
        let marker = "-----BEGIN CERTIFICATE-----"
        #expect(files.chainPEM.ranges(of: marker).count == 2)
        #expect(files.chainPEM.hasSuffix(files.authorityPEM))
        #expect(files.privateKeyPEM.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        // Unsafe: both are alive, and freed below.
        let key = unsafe read(files.privateKeyPEM) { unsafe PEM_read_bio_PrivateKey($0, nil, nil, nil) }
        let leaf = unsafe certificate(files.chainPEM)
        defer {
            unsafe EVP_PKEY_free(key)
            unsafe X509_free(leaf)
        }
        #expect(unsafe X509_check_private_key(leaf, key) == 1)
    }

    @Test("valid now, and for no more than clients take")
    func validity() throws {
        let leaf = unsafe certificate(try DevelopmentCertificate.make(hosts: ["localhost"]).chainPEM)
        defer { unsafe X509_free(leaf) }
        var days: CInt = 0
        var seconds: CInt = 0
        // Unsafe: the times belong to the certificate; nil stands for now.
        #expect(unsafe ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(leaf), X509_get0_notAfter(leaf)) == 1)
        #expect((90...397).contains(days))
        #expect(unsafe X509_cmp_current_time(X509_get0_notBefore(leaf)) < 0)
        #expect(unsafe X509_cmp_current_time(X509_get0_notAfter(leaf)) > 0)
    }

    @Test(
        "what is neither a DNS name nor an address, or would be more than one",
        arguments: [
            "", " ", "a b", "a,DNS:b", "a\nb", "localhost,IP:1.2.3.4", "-a.example", "a-.example", "a..b", ".a", "a.",
            "*", "*.", "a.*.b",
            "1.2.3.999", "[::1]", "exämple.com", "a\u{0}b", "1.2.3.4\u{0}", "https://a", "a:443",
            String(repeating: "a", count: 64),
            String(repeating: "a.", count: 130) + "a",
        ])
    func badHosts(host: String) {
        #expect(throws: CryptoError.self) { try DevelopmentCertificate.make(hosts: [host]) }
        #expect(throws: CryptoError.self) { try DevelopmentCertificate.make(hosts: ["localhost", host]) }
    }

    @Test func noHosts() {
        #expect(throws: CryptoError.self) { try DevelopmentCertificate.make(hosts: []) }
    }

    // MARK: OpenSSL's own verifier. Unsafe throughout: objects are made and freed in one function, or handed to its caller.

    private func verify(_ files: DevelopmentCertificate.Files, authority: String? = nil, host: String) -> CInt {
        let authorityCertificate = unsafe certificate(authority ?? files.authorityPEM)
        let leaf = unsafe certificate(files.chainPEM)
        let store = unsafe X509_STORE_new()
        let context = unsafe X509_STORE_CTX_new()
        defer {
            unsafe X509_STORE_CTX_free(context)
            unsafe X509_STORE_free(store)
            unsafe X509_free(leaf)
            unsafe X509_free(authorityCertificate)
        }
        unsafe X509_STORE_add_cert(store, authorityCertificate)
        unsafe X509_STORE_CTX_init(context, store, leaf, nil)
        let parameters = unsafe X509_STORE_CTX_get0_param(context)
        unsafe X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_X509_STRICT))
        unsafe X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER)
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, host) != 1 {
            unsafe X509_VERIFY_PARAM_set1_host(parameters, host, 0)
        }
        if unsafe X509_verify_cert(context) == 1 { return X509_V_OK }
        return unsafe X509_STORE_CTX_get_error(context)
    }

    private func certificate(_ pem: String) -> OpaquePointer? {
        unsafe read(pem) { unsafe PEM_read_bio_X509($0, nil, nil, nil) }
    }

    private func read(_ pem: String, _ body: (OpaquePointer?) -> OpaquePointer?) -> OpaquePointer? {
        let text = Array(pem.utf8)
        return unsafe text.withUnsafeBytes { bytes in
            let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count))
            defer { unsafe BIO_free(bio) }
            return unsafe body(bio)
        }
    }
}
