import COpenSSL

/// A TLS client of OpenSSL's own, in memory, which resumes sessions as the product's own does not.
@safe final class ResumingClient {
    // Owned, and freed in deinit; the session owns its BIOs.
    private let session: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer

    /// A context for one version of TLS, which lives as long as the program.
    @unsafe static func context(version: Int32) -> OpaquePointer? {
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else { return nil }
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version), nil)
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
        return unsafe context
    }

    @unsafe init?(_ context: OpaquePointer, resuming earlier: KeptSession?) {
        guard let session = unsafe SSL_new(context), let input = unsafe BIO_new(BIO_s_mem()),
            let output = unsafe BIO_new(BIO_s_mem())
        else { return nil }
        unsafe self.session = session
        unsafe self.input = input
        unsafe self.output = output
        unsafe SSL_set_bio(session, input, output)
        unsafe SSL_set_connect_state(session)
        if let earlier { unsafe SSL_set_session(session, earlier.pointer) }
    }

    deinit {
        // Ended without a word, a session would not be resumed by OpenSSL.
        unsafe SSL_set_shutdown(session, SSL_SENT_SHUTDOWN)
        unsafe SSL_free(session)
    }

    var isResumed: Bool { unsafe SSL_session_reused(session) == 1 }

    /// Takes what the server has sent; gives what goes to it. `isDone` once this side is.
    func advance(_ received: [UInt8]) -> (sent: [UInt8], isDone: Bool) {
        if !received.isEmpty { unsafe BIO_write(input, received, Int32(received.count)) }
        let isDone = unsafe SSL_do_handshake(session) == 1
        var buffer = [UInt8](repeating: 0, count: 16384)
        let count = unsafe BIO_read(output, &buffer, Int32(buffer.count))
        return (Array(buffer.prefix(Int(max(0, count)))), isDone)
    }

    /// The session, with the ticket that came behind the handshake.
    func kept() -> KeptSession? {
        var byte: UInt8 = 0
        // TLS 1.3 brings tickets as messages of their own.
        _ = unsafe SSL_read(session, &byte, 1)
        ERR_clear_error()
        return unsafe SSL_get1_session(session).map { unsafe KeptSession(owning: $0) }
    }
}

/// A session to be resumed.
@safe final class KeptSession {
    // One reference of its own.
    fileprivate let pointer: OpaquePointer

    fileprivate init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe SSL_SESSION_free(pointer)
    }
}
