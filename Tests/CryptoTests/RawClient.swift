import COpenSSL
import Testing

/// A TLS session as a client keeps it, to be resumed later.
@safe final class RawSession {
    // One reference of its own.
    fileprivate let pointer: OpaquePointer

    fileprivate init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe SSL_SESSION_free(pointer)
    }

    /// The ticket as the server made it; it begins with the name of its key.
    var ticket: [UInt8] {
        var start: UnsafePointer<UInt8>?
        var count = 0
        unsafe SSL_SESSION_get0_ticket(pointer, &start, &count)
        return unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }

    var ticketKeyName: [UInt8] { Array(ticket.prefix(16)) }

    /// How long the server says that the ticket is good, in seconds.
    var lifetime: Int { unsafe Int(SSL_SESSION_get_ticket_lifetime_hint(pointer)) }
}

/// A TLS client of OpenSSL's own, in memory: it can be limited as the product's cannot, shows a certificate, and resumes.
@safe final class RawClient {
    // Owned, and freed in deinit; the session owns its BIOs.
    private let context: OpaquePointer
    private let session: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer

    /// `maximum` and `minimum` are OpenSSL's version numbers.
    init(
        minimum: Int32 = TLS1_2_VERSION, maximum: Int32 = TLS1_3_VERSION, protocols: [String] = [], host: String? = nil,
        identity: ClientIdentity? = nil, resuming earlier: RawSession? = nil
    ) throws {
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
        if let identity {
            try #require(unsafe SSL_use_certificate_file(session, identity.certificateFile, SSL_FILETYPE_PEM) == 1)
            try #require(unsafe SSL_use_PrivateKey_file(session, identity.keyFile, SSL_FILETYPE_PEM) == 1)
        }
        if let earlier { try #require(unsafe SSL_set_session(session, earlier.pointer) == 1) }
    }

    deinit {
        // Ended without a word, a session would not be resumed by OpenSSL.
        unsafe SSL_set_shutdown(session, SSL_SENT_SHUTDOWN)
        unsafe SSL_free(session)
        unsafe SSL_CTX_free(context)
    }

    /// Whether both sides come to an agreement.
    func shakeHands(with server: TLSPeer) -> Bool {
        for _ in 0..<10 {
            let result = unsafe SSL_do_handshake(session)
            ERR_clear_error()
            let error = exchange(with: server)
            if result == 1, server.isSecure { return true }
            if error { return false }
        }
        return false
    }

    /// Carries what there is both ways; true where the server has given up.
    @discardableResult
    private func exchange(with server: TLSPeer) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = unsafe BIO_read(output, &buffer, Int32(buffer.count))
        if count > 0 { server.incoming += buffer.prefix(Int(count)) }
        server.advance()
        if !server.outgoing.isEmpty {
            unsafe BIO_write(input, server.outgoing, Int32(server.outgoing.count))
            server.outgoing = []
        }
        return server.error != nil
    }

    /// The alert that the server has sent, by its number; nil where there is none.
    var alert: Int? {
        var byte: UInt8 = 0
        _ = unsafe SSL_read(session, &byte, 1)
        let code = ERR_peek_error()
        ERR_clear_error()
        // SSL_AD_REASON_OFFSET.
        let reason = Int(code & 0x7fffff)
        return (1000..<1256).contains(reason) ? reason - 1000 : nil
    }

    /// The session, with the ticket that came behind the handshake.
    func resumableSession() throws -> RawSession {
        var byte: UInt8 = 0
        // TLS 1.3 brings tickets as messages of their own.
        _ = unsafe SSL_read(session, &byte, 1)
        ERR_clear_error()
        return unsafe RawSession(owning: try #require(SSL_get1_session(session)))
    }

    /// Asks the server for another handshake inside this one, as TLS 1.2 has it.
    func renegotiate(with server: TLSPeer) -> Bool {
        guard unsafe SSL_renegotiate(session) == 1 else { return false }
        for _ in 0..<10 {
            let result = unsafe SSL_do_handshake(session)
            ERR_clear_error()
            exchange(with: server)
            if result == 1, unsafe SSL_renegotiate_pending(session) == 0 { return true }
        }
        return false
    }

    var isResumed: Bool { unsafe SSL_session_reused(session) == 1 }

    var version: String { unsafe String(cString: SSL_get_version(session)) }

    var cipher: String {
        unsafe SSL_CIPHER_get_name(SSL_get_current_cipher(session)).map { unsafe String(cString: $0) } ?? ""
    }

    /// Whether records are compressed.
    var isCompressed: Bool { unsafe SSL_get_current_compression(session) != nil }

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
