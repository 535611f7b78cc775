internal import COpenSSL

/// Owns one `X509` while it is put together (RFC 5280).
///
/// Safe: the pointer is valid as long as the owner is.
@safe struct CertificateBuilder: ~Copyable {
    private let pointer: OpaquePointer

    /// A version 3 certificate for `key`, valid from an hour ago, as clocks differ, for `validDays` days in all.
    static func make(
        commonName: String, key: KeyHandle, validDays: Int
    ) throws(CryptoError) -> CertificateBuilder {
        guard let pointer = unsafe X509_new() else { throw .last("make a certificate") }
        let certificate = unsafe CertificateBuilder(owning: pointer)
        // Unsafe: certificate and key are alive; what the getters return belongs to the certificate.
        let isDone =
            unsafe X509_set_version(pointer, 2) == 1
            && X509_gmtime_adj(X509_getm_notBefore(pointer), -3600) != nil
            && X509_gmtime_adj(X509_getm_notAfter(pointer), validDays * 86_400 - 3600) != nil
            && X509_set_pubkey(pointer, key.pointer) == 1
        guard isDone else { throw .last("make a certificate") }
        try certificate.setSerialNumber()
        try certificate.setName("O", "Portcullis")
        try certificate.setName("CN", commonName)
        return certificate
    }

    private init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        // Unsafe: the one reference that this owner took over.
        unsafe X509_free(pointer)
    }

    /// Names who signs it: itself, for an authority.
    borrowing func setIssuer(_ issuer: borrowing CertificateBuilder) throws(CryptoError) {
        // Unsafe: both are alive; the name is copied.
        guard unsafe X509_set_issuer_name(pointer, X509_get_subject_name(issuer.pointer)) == 1 else {
            throw .last("make a certificate")
        }
    }

    /// Adds an extension in OpenSSL's spelling (x509v3_config(5)), which must be this project's own or checked.
    borrowing func add(
        _ extensionID: CInt, _ value: String, issuer: borrowing CertificateBuilder
    ) throws(CryptoError) {
        // Unsafe: the context holds plain pointers to two certificates that outlive it; the extension is freed here, as the
        // certificate keeps a copy.
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, issuer.pointer, pointer, nil, nil, 0)
        guard let certificateExtension = unsafe X509V3_EXT_conf_nid(nil, &context, extensionID, value) else {
            throw .last("make a certificate")
        }
        defer { unsafe X509_EXTENSION_free(certificateExtension) }
        guard unsafe X509_add_ext(pointer, certificateExtension, -1) == 1 else { throw .last("make a certificate") }
    }

    borrowing func sign(with key: KeyHandle) throws(CryptoError) {
        // Unsafe: certificate and key are alive.
        guard unsafe X509_sign(pointer, key.pointer, EVP_sha256()) > 0 else { throw .last("sign a certificate") }
    }

    borrowing func pem() throws(CryptoError) -> String {
        // Unsafe: the certificate is alive, and the sink is during the call.
        try unsafe MemorySink.text("write a certificate") { unsafe PEM_write_bio_X509($0, pointer) }
    }

    /// 127 random bits: unique, positive, and at most 20 octets (RFC 5280 section 4.1.2.2).
    private borrowing func setSerialNumber() throws(CryptoError) {
        var bytes = SecureRandom.bytes(16)
        bytes[0] = bytes[0] & 0x7F | 0x40
        // Unsafe: reads `count` bytes; the number is freed here, as the certificate keeps a copy.
        guard let number = unsafe BN_bin2bn(bytes, CInt(bytes.count), nil) else { throw .last("make a certificate") }
        defer { unsafe BN_free(number) }
        guard unsafe BN_to_ASN1_INTEGER(number, X509_get_serialNumber(pointer)) != nil else {
            throw .last("make a certificate")
        }
    }

    private borrowing func setName(_ field: String, _ value: String) throws(CryptoError) {
        let text = Array(value.utf8)
        // Unsafe: the name belongs to the certificate; reads `count` bytes.
        let isDone = unsafe X509_NAME_add_entry_by_txt(
            X509_get_subject_name(pointer), field, MBSTRING_UTF8, text, CInt(text.count), -1, 0)
        guard isDone == 1 else { throw .last("make a certificate") }
    }
}
