internal import COpenSSL
internal import CPlatform

/// Whom a listener trusts to sign the certificates of its clients, and what it demands of them.
///
/// Safe: both pointers are valid as long as the owner is.
@safe final class TLSClientAuthority {
    /// The same for the same authorities and the same demand: sessions are resumed in the same scope alone.
    private(set) var scope: [UInt8] = []
    private let mode: TLSServerContext.ClientCertificates.Mode
    // An owned X509_STORE, shared by the contexts.
    private let store: OpaquePointer
    // An owned list of the authorities' names.
    private let names: OpaquePointer

    /// Certificates between a client's and one that is trusted.
    private static let longestChain: Int32 = 3
    /// Bytes of all certificates that a client sends.
    private static let largestChain = 32 * 1024

    /// Reads the file. Whatever certificate stands in it is trusted, be it another one's or its own issuer.
    init(_ demanded: TLSServerContext.ClientCertificates) throws(CryptoError) {
        let operation = "load authority \(demanded.authorityFile)"
        try RegularFile.check(demanded.authorityFile, operation)
        ERR_clear_error()
        guard let file = unsafe BIO_new_file(demanded.authorityFile, "r") else { throw .last(operation) }
        defer { unsafe BIO_free(file) }
        guard let store = unsafe X509_STORE_new() else { throw .last(operation) }
        guard let names = unsafe cp_names_make() else {
            unsafe X509_STORE_free(store)
            throw .last(operation)
        }
        mode = demanded.mode
        unsafe self.store = store
        unsafe self.names = names
        // All of it is owned from here on, so that nothing is left behind by an error.
        scope = unsafe try Self.fill(store, names, from: file, operation) + demanded.mode.rawValue.utf8
        unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    }

    deinit {
        unsafe X509_STORE_free(store)
        unsafe cp_names_free(names)
    }

    /// Takes all certificates out of `file`; gives a digest of them.
    private static func fill(
        _ store: OpaquePointer, _ names: OpaquePointer, from file: OpaquePointer, _ operation: String
    ) throws(CryptoError) -> [UInt8] {
        var digests: [UInt8] = []
        while let certificate = unsafe PEMFile.nextCertificate(of: file) {
            // The store and the list keep what they need of it.
            defer { unsafe X509_free(certificate) }
            var digest = [UInt8](repeating: 0, count: 32)
            let isKept =
                unsafe X509_STORE_add_cert(store, certificate) == 1 && cp_names_add_subject(names, certificate) == 1
                && X509_digest(certificate, EVP_sha256(), &digest, nil) == 1
            guard isKept else { throw .last(operation) }
            digests += digest
        }
        // OpenSSL's word for the end of a PEM file; where it comes first, the file holds nothing.
        let isEnd = cp_error_is_end_of_pem(ERR_peek_last_error()) == 1
        guard isEnd, !digests.isEmpty else { throw .last(operation) }
        ERR_clear_error()
        return Digest.sha256(digests)
    }

    /// Has `context` ask its clients.
    func demand(in handle: TLSContextHandle) throws(CryptoError) {
        let context = unsafe handle.pointer
        guard unsafe cp_ssl_ctx_set_verify_store(context, store) == 1, let list = unsafe cp_names_copy(names) else {
            throw .last("ask for client certificates")
        }
        // The context takes the list over.
        unsafe SSL_CTX_set_client_CA_list(context, list)
        unsafe SSL_CTX_set_verify_depth(context, Self.longestChain)
        unsafe _ = cp_ssl_ctx_set_longest_chain(context, Self.largestChain)
        let flags = SSL_VERIFY_PEER | (mode == .require ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)
        unsafe SSL_CTX_set_verify(context, flags) { isVerified, verification in
            guard isVerified == 1, unsafe X509_STORE_CTX_get_error_depth(verification) == 0 else { return isVerified }
            guard let certificate = unsafe X509_STORE_CTX_get_current_cert(verification),
                unsafe TLSClientAuthority.subject(of: certificate) != nil
            else {
                unsafe X509_STORE_CTX_set_error(verification, X509_V_ERR_APPLICATION_VERIFICATION)
                return 0
            }
            return 1
        }
        // A certificate whose time is over is verified anew, and fails, whatever a ticket says.
        let result = unsafe SSL_CTX_set_session_ticket_cb(
            context, nil,
            { _, session, _, _, status, _ in
                guard status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW else {
                    return SSL_TICKET_RETURN_IGNORE_RENEW
                }
                if let certificate = unsafe SSL_SESSION_get0_peer(session),
                    unsafe cp_certificate_is_over(certificate) == 1
                {
                    return SSL_TICKET_RETURN_IGNORE_RENEW
                }
                return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW
            }, nil)
        guard result == 1 else { throw .last("set TLS tickets") }
    }

    /// The longest subject that is taken, in bytes of its text: it goes into headers and logs.
    private static let longestSubject = 1024

    /// The certificate's subject as text (RFC 2253), ASCII without control characters: what is neither is escaped. nil where
    /// it is longer than any should be: cut, it could be another's.
    @unsafe static func subject(of certificate: OpaquePointer) -> String? {
        let text = unsafe try? MemorySink.text("read a certificate") { sink in
            unsafe X509_NAME_print_ex(sink, X509_get_subject_name(certificate), 0, cp_name_flags_rfc2253()) >= 0 ? 1 : 0
        }
        ERR_clear_error()
        guard let text, text.utf8.count <= longestSubject else { return nil }
        return text
    }
}
