internal import COpenSSL
internal import CPlatform

/// One TLS connection, bytes in and bytes out: it reads from and writes to its thread's ``TLSTransfer``.
@safe package struct TLSSession: ~Copyable {
    package enum HandshakeStep: Sendable {
        case complete
        case needsInput
        case failed(CryptoError)
    }

    package enum ReadStep: Sendable {
        /// So many bytes of plain text were put into the buffer; there may be more.
        case bytes(Int)
        case needsInput
        /// The peer said that it sends no more (close_notify).
        case ended
        case failed(CryptoError)
    }

    // An owned SSL*, freed in deinit.
    private let session: OpaquePointer
    /// Kept alive for the BIO, which refers to it without a retain.
    private let transfer: TLSTransfer

    /// A server's session for a connection that was just accepted.
    package static func server(_ context: TLSServerContext, over transfer: TLSTransfer) -> TLSSession? {
        guard let session = unsafe make(context.defaultContext.pointer, over: transfer) else { return nil }
        unsafe SSL_set_accept_state(session)
        return unsafe TLSSession(session: session, transfer: transfer)
    }

    /// A client's session that demands a certificate for `host`, a DNS name or an IP literal.
    package static func client(_ context: TLSClientContext, host: String, over transfer: TLSTransfer) -> TLSSession? {
        guard let session = unsafe make(context.handle.pointer, over: transfer) else { return nil }
        unsafe SSL_set_connect_state(session)
        let parameters = unsafe SSL_get0_param(session)
        // An IP literal is matched as an address, and is no server name (RFC 6066 section 3).
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, host) != 1 {
            ERR_clear_error()
            guard unsafe SSL_set1_host(session, host) == 1, unsafe cp_ssl_set_server_name(session, host) == 1 else {
                unsafe SSL_free(session)
                ERR_clear_error()
                return nil
            }
        }
        return unsafe TLSSession(session: session, transfer: transfer)
    }

    private static func make(_ context: OpaquePointer, over transfer: TLSTransfer) -> OpaquePointer? {
        guard let session = unsafe SSL_new(context) else {
            ERR_clear_error()
            return nil
        }
        guard let bio = unsafe TransferBIO.make(over: transfer) else {
            unsafe SSL_free(session)
            ERR_clear_error()
            return nil
        }
        // One reference for reading and writing together is what SSL_set_bio takes for equal arguments.
        unsafe SSL_set_bio(session, bio, bio)
        return unsafe session
    }

    private init(session: OpaquePointer, transfer: TLSTransfer) {
        unsafe self.session = session
        self.transfer = transfer
    }

    deinit {
        unsafe SSL_free(session)
    }

    // OpenSSL reads its thread's error queue to say why a call has failed. Whatever fills the queue empties it, so that the
    // calls that are made for every message need not do it beforehand; debug builds look whether that is so.

    /// Goes on with the handshake, as far as the input reaches.
    package func handshake() -> HandshakeStep {
        ERR_clear_error()
        // What a callback could not do, or a peer's certificate was, leaves errors even where the handshake goes on.
        defer { ERR_clear_error() }
        let result = unsafe SSL_do_handshake(session)
        if result == 1 { return .complete }
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: return .needsInput
        default: return .failed(failure("complete the TLS handshake"))
        }
    }

    /// Whether ``read(into:)`` would only ask for more input: neither the transfer nor the session has any left. Asking it
    /// costs OpenSSL a buffer and an error.
    package func isDry() -> Bool { unsafe SSL_has_pending(session) == 0 && transfer.isInputTaken }

    /// Decrypts into `buffer`, at most one record a call.
    package func read(into buffer: UnsafeMutableRawBufferPointer) -> ReadStep {
        assert(ERR_peek_error() == 0)
        var count = 0
        let result = unsafe SSL_read_ex(session, buffer.baseAddress, buffer.count, &count)
        if result == 1 { return .bytes(count) }
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: return .needsInput
        case SSL_ERROR_ZERO_RETURN: return .ended
        default: return .failed(failure("read TLS"))
        }
    }

    /// Encrypts all of `bytes` into the transfer's output. False where the session is broken.
    package func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard unsafe !bytes.isEmpty else { return true }
        assert(ERR_peek_error() == 0)
        var count = 0
        // The transfer takes everything, so a write is whole or an error.
        if unsafe SSL_write_ex(session, bytes.baseAddress, bytes.count, &count) == 1 { return count == bytes.count }
        ERR_clear_error()
        return false
    }

    /// Writes close_notify into the transfer's output.
    package func end() {
        ERR_clear_error()
        _ = unsafe SSL_shutdown(session)
        ERR_clear_error()
    }

    /// The subject of the certificate that the client has shown and that was verified, as text (RFC 2253), at most 1024 bytes of
    /// ASCII without control characters; nil where it has shown none. To be asked of a server's session whose handshake is
    /// complete.
    package func clientCertificate() -> String? {
        guard let certificate = unsafe SSL_get0_peer_certificate(session),
            unsafe SSL_get_verify_result(session) == Int(X509_V_OK)
        else { return nil }
        return unsafe TLSClientAuthority.subject(of: certificate)
    }

    /// `1.3`, of a session whose handshake is complete.
    package func version() -> String {
        switch unsafe SSL_version(session) {
        case TLS1_3_VERSION: "1.3"
        case TLS1_2_VERSION: "1.2"
        default: "other"
        }
    }

    /// Whether a session whose handshake is complete goes on with an earlier one, by a ticket.
    package func isResumed() -> Bool { unsafe SSL_session_reused(session) == 1 }

    private func failure(_ operation: String) -> CryptoError {
        let verification = unsafe SSL_get_verify_result(session)
        guard verification == Int(X509_V_OK) else {
            ERR_clear_error()
            // A constant string of OpenSSL's.
            return unsafe CryptoError(
                operation: operation, reason: String(cString: X509_verify_cert_error_string(verification)),
                peerCertificate: .invalid)
        }
        let isMissing = cp_error_is_missing_certificate(ERR_peek_error()) == 1
        let error = CryptoError.last(operation)
        guard isMissing else { return error }
        return CryptoError(operation: operation, reason: error.reason, peerCertificate: .missing)
    }
}
