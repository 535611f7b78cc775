internal import COpenSSL
internal import CPlatform

/// PEM files (RFC 7468), read without a pass phrase: OpenSSL by itself would ask for one at the terminal, and wait there.
enum PEMFile {
    /// Has nobody asked for what `handle` reads from now on.
    static func asksNobody(for handle: TLSContextHandle) {
        // A pass phrase that cannot be had.
        unsafe SSL_CTX_set_default_passwd_cb(handle.pointer) { _, _, _, _ in -1 }
    }

    /// The next certificate of `file`, which the caller frees; nil at the end, and where what comes is none.
    @unsafe static func nextCertificate(of file: OpaquePointer) -> OpaquePointer? {
        unsafe PEM_read_bio_X509(file, nil, { _, _, _, _ in -1 }, nil)
    }

    /// Why no private key could be taken from the file at `path`, where OpenSSL's own words do not tell; else nil. Empties this
    /// thread's error queue.
    static func missingKey(in path: String) -> String? {
        defer { ERR_clear_error() }
        ERR_clear_error()
        // Unsafe: the file is open until the end of this function; each block is freed when it has been looked at.
        guard let file = unsafe BIO_new_file(path, "r") else { return nil }
        defer { unsafe BIO_free(file) }
        while true {
            var name: UnsafeMutablePointer<CChar>?
            var header: UnsafeMutablePointer<CChar>?
            var data: UnsafeMutablePointer<UInt8>?
            var length = 0
            guard unsafe PEM_read_bio(file, &name, &header, &data, &length) == 1 else { break }
            defer {
                unsafe CRYPTO_free(name, nil, 0)
                unsafe CRYPTO_free(header, nil, 0)
                unsafe CRYPTO_clear_free(data, length, nil, 0)
            }
            let kind = unsafe name.map { unsafe String(cString: $0) } ?? ""
            guard kind.hasSuffix("PRIVATE KEY") else { continue }
            let fields = unsafe header.map { unsafe String(cString: $0) } ?? ""
            // In PKCS #8 (RFC 5958 section 3), or as RFC 1421 section 4.6.1.1 has it.
            guard kind.hasPrefix("ENCRYPTED") || fields.hasPrefix("Proc-Type:") else { return nil }
            return "the private key is encrypted; Portcullis takes none with a pass phrase: "
                + "`openssl pkey -in \(path) -out NEW` writes it without one"
        }
        // A block that cannot be read may be the key.
        guard cp_error_is_end_of_pem(ERR_peek_last_error()) == 1 else { return nil }
        return "there is no private key in this file, or not in PEM"
    }
}
