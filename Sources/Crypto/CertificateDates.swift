internal import COpenSSL
internal import Glibc

/// When a certificate is good (RFC 5280 section 4.1.2.5), and whose it is.
package struct CertificateDates: Sendable, Hashable {
    /// As text (RFC 2253): `CN=chat.example.com`; empty where it cannot be told.
    package let subject: String
    /// Seconds since 1970; the first second in which it is good, and the last one.
    package let notBefore: Int
    package let notAfter: Int

    package init(subject: String, notBefore: Int, notAfter: Int) {
        self.subject = subject
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// The certificates of a listener's chain, leaf first. Throws where a listener could not be made of the files, in the words
    /// of ``TLSServerContext``: a file cannot be read, or the key is another certificate's.
    package static func ofChain(_ certificate: TLSServerContext.Certificate) throws(CryptoError) -> [CertificateDates] {
        _ = try TLSServerContext(certificates: [certificate])
        return try read(certificate.chainFile)
    }

    /// Those of a file of authorities. Throws where it has none, or cannot be read.
    package static func ofAuthorities(_ file: String) throws(CryptoError) -> [CertificateDates] {
        _ = try TLSClientAuthority(TLSServerContext.ClientCertificates(authorityFile: file, mode: .require))
        return try read(file)
    }

    /// Throws where a client of a service could not be made of the file of authorities.
    package static func checkServiceAuthorities(_ file: String) throws(CryptoError) {
        _ = try TLSClientContext(authorityFile: file)
    }

    private static func read(_ path: String) throws(CryptoError) -> [CertificateDates] {
        let operation = "load certificate \(path)"
        try RegularFile.check(path, operation)
        ERR_clear_error()
        // Unsafe: the file is open until the end of this function; each certificate is freed when it has been read.
        guard let file = unsafe BIO_new_file(path, "r") else { throw .last(operation) }
        defer { unsafe BIO_free(file) }
        var found: [CertificateDates] = []
        while let certificate = unsafe PEMFile.nextCertificate(of: file) {
            defer { unsafe X509_free(certificate) }
            guard let notBefore = unsafe seconds(X509_get0_notBefore(certificate)),
                let notAfter = unsafe seconds(X509_get0_notAfter(certificate))
            else { throw CryptoError(operation: operation, reason: "its dates cannot be read") }
            unsafe found.append(
                CertificateDates(
                    subject: TLSClientAuthority.subject(of: certificate) ?? "", notBefore: notBefore,
                    notAfter: notAfter))
        }
        ERR_clear_error()
        return found
    }

    @unsafe private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int? {
        var parts = unsafe tm()
        guard let time = unsafe time, unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return unsafe timegm(&parts)
    }
}
