internal import COpenSSL

/// A certificate authority and a server certificate of its, to try a door with on one's own machine.
package enum DevelopmentCertificate {
    /// How long both are valid, in days. Clients take no server certificate of more than 397 days for good.
    package static let validDays = 365

    /// All parts in PEM.
    package struct Files: Sendable {
        /// What clients are told to trust.
        package let authorityPEM: String
        /// What the server shows: its certificate, then the authority's.
        package let chainPEM: String
        /// The server's key, in PKCS #8, unencrypted.
        package let privateKeyPEM: String
    }

    /// Makes a pair of ECDSA P-256 keys and certificates (RFC 5280) for `hosts`: DNS names, also with `*.` before them, and
    /// IP addresses. The authority's key is gone when this returns, so that nobody can ever sign another certificate with it.
    package static func make(hosts: [String]) throws(CryptoError) -> Files {
        let names = try subjectAlternativeNames(hosts)
        let authorityKey = try ellipticCurveKey()
        let authority = try CertificateBuilder.make(
            commonName: "Portcullis development authority", key: authorityKey, validDays: validDays)
        try authority.setIssuer(authority)
        try authority.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0", issuer: authority)
        try authority.add(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: authority)
        try authority.add(NID_subject_key_identifier, "hash", issuer: authority)
        try authority.sign(with: authorityKey)

        let serverKey = try ellipticCurveKey()
        let server = try CertificateBuilder.make(
            commonName: "Portcullis development server", key: serverKey, validDays: validDays)
        try server.setIssuer(authority)
        try server.add(NID_basic_constraints, "critical,CA:FALSE", issuer: authority)
        try server.add(NID_key_usage, "critical,digitalSignature", issuer: authority)
        try server.add(NID_ext_key_usage, "serverAuth", issuer: authority)
        try server.add(NID_subject_alt_name, names, issuer: authority)
        try server.add(NID_subject_key_identifier, "hash", issuer: authority)
        try server.add(NID_authority_key_identifier, "keyid:always", issuer: authority)
        try server.sign(with: authorityKey)

        let authorityPEM = try authority.pem()
        return Files(
            authorityPEM: authorityPEM, chainPEM: try server.pem() + authorityPEM,
            privateKeyPEM: try privateKeyPEM(serverKey))
    }

    /// OpenSSL's spelling, in which a comma or a newline would begin another name: so hosts are checked first.
    private static func subjectAlternativeNames(_ hosts: [String]) throws(CryptoError) -> String {
        var names: [String] = []
        for host in hosts {
            if isAddress(host) {
                names.append("IP:\(host)")
            } else if isDomainName(host) {
                names.append("DNS:\(host.lowercased())")
            } else {
                throw CryptoError(
                    operation: "make a certificate",
                    reason: "a host is neither an IP address nor a DNS name in ASCII: '\(host)'")
            }
        }
        guard !names.isEmpty else {
            throw CryptoError(operation: "make a certificate", reason: "no host is given")
        }
        return names.joined(separator: ",")
    }

    private static func isAddress(_ host: String) -> Bool {
        // Before C reads it, which would stop at a zero byte.
        guard
            host.utf8.allSatisfy({
                $0 < 0x80 && (Unicode.Scalar($0).properties.isASCIIHexDigit || $0 == 0x3A || $0 == 0x2E)
            })
        else { return false }
        // Unsafe: reads up to the string's end; the answer is freed here.
        guard let octets = unsafe a2i_IPADDRESS(host) else {
            ERR_clear_error()
            return false
        }
        unsafe ASN1_OCTET_STRING_free(octets)
        return true
    }

    private static func isDomainName(_ host: String) -> Bool {
        guard host.utf8.count <= 253 else { return false }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        for (index, label) in labels.enumerated() {
            if index == 0, label == "*", labels.count > 1 { continue }
            let characters = label.utf8
            guard (1...63).contains(characters.count), characters.first != UInt8(ascii: "-"),
                characters.last != UInt8(ascii: "-")
            else { return false }
            let isPlain = characters.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
            guard isPlain else { return false }
        }
        // Four numbers that are no address, such as 1.2.3.999, are a slip and not a name.
        return labels.last.map { !$0.utf8.allSatisfy { (0x30...0x39).contains($0) } } ?? false
    }

    private static func ellipticCurveKey() throws(CryptoError) -> KeyHandle {
        // Unsafe: the context is alive during the call.
        try unsafe KeyHandle.generate("EC") { unsafe EVP_PKEY_CTX_set_group_name($0, "P-256") }
    }

    private static func privateKeyPEM(_ key: KeyHandle) throws(CryptoError) -> String {
        // Unsafe: the key is alive, and the sink is during the call.
        try unsafe MemorySink.text("write a private key") {
            unsafe PEM_write_bio_PKCS8PrivateKey($0, key.pointer, nil, nil, 0, nil, nil)
        }
    }
}
