internal import COpenSSL
internal import CPlatform
internal import Glibc

/// What a listener serves over TLS: its certificates, chosen by server name, its versions and ciphers.
///
/// TLS 1.2 and 1.3 with Mozilla's intermediate ciphers (those of them that need no finite-field parameters), ALPN
/// `http/1.1`, stateless tickets that are good for their own server name, no renegotiation, no compression.
package final class TLSServerContext: Sendable {
    /// A certificate chain (PEM, leaf first) and its private key, as files.
    package struct Certificate: Sendable {
        package var chainFile: String
        package var keyFile: String

        package init(chainFile: String, keyFile: String) {
            self.chainFile = chainFile
            self.keyFile = keyFile
        }
    }

    /// What clients are asked for: mutual TLS.
    package struct ClientCertificates: Sendable {
        package enum Mode: String, Sendable {
            /// None is fine; one that is shown must hold.
            case request
            /// Without one that holds there is no connection.
            case require
        }

        /// Whom the listener trusts to have signed them (PEM).
        package var authorityFile: String
        package var mode: Mode

        package init(authorityFile: String, mode: Mode) {
            self.authorityFile = authorityFile
            self.mode = mode
        }
    }

    /// Stands for what is demanded of clients, by whom and how strictly; empty where nothing is.
    package let clientDemand: [UInt8]
    let defaultContext: TLSContextHandle
    /// When its certificates end, in Unix seconds, by the first DNS name of each, or its file where it has none; of two
    /// of one name, the one that ends first.
    package let certificateEnds: [String: Int64]

    private static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

    /// Reads the files. The first certificate answers clients that send no name, or an unknown one. Whoever hands on the
    /// `ticketKeys` of a context that this one replaces lets its clients resume their sessions.
    package init(
        certificates: [Certificate], requiresTLS13: Bool = false, clientCertificates: ClientCertificates? = nil,
        ticketKeys: TicketKeys = TicketKeys(now: 0)
    ) throws(CryptoError) {
        let authority: TLSClientAuthority? =
            if let clientCertificates { try TLSClientAuthority(clientCertificates) } else { nil }
        var contexts: [TLSContextHandle] = []
        var ends: [String: Int64] = [:]
        for certificate in certificates {
            let context = unsafe try TLSContextHandle(TLS_server_method())
            try Self.configure(context, requiresTLS13: requiresTLS13)
            try Self.load(certificate, into: context)
            try ticketKeys.attach(to: context)
            try authority?.demand(in: context)
            contexts.append(context)
            let name = TLSServerNames.names(in: context).first ?? certificate.chainFile
            if let end = Self.certificateEnd(of: context) { ends[name] = min(end, ends[name] ?? .max) }
        }
        certificateEnds = ends
        guard let first = contexts.first else {
            throw CryptoError(operation: "make TLS context", reason: "no certificate is given")
        }
        defaultContext = first
        clientDemand = authority?.scope ?? []
        try TLSServerNames(contexts: contexts, scope: clientDemand).attach(to: first)
    }

    /// nil where its time cannot be read.
    private static func certificateEnd(of handle: TLSContextHandle) -> Int64? {
        guard let certificate = unsafe SSL_CTX_get0_certificate(handle.pointer) else { return nil }
        var time = unsafe tm()
        guard unsafe ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) == 1 else { return nil }
        return unsafe Int64(timegm(&time))
    }

    private static func configure(_ handle: TLSContextHandle, requiresTLS13: Bool) throws(CryptoError) {
        let context = unsafe handle.pointer
        let version = requiresTLS13 ? TLS1_3_VERSION : TLS1_2_VERSION
        guard unsafe cp_ssl_ctx_set_minimum_version(context, Int32(version)) == 1,
            unsafe SSL_CTX_set_cipher_list(context, ciphers) == 1,
            unsafe cp_ssl_ctx_set_groups(context, "X25519:P-256:P-384") == 1
        else { throw .last("set TLS versions and ciphers") }
        unsafe SSL_CTX_set_options(context, cp_ssl_op_no_compression() | cp_ssl_op_no_renegotiation())
        // An idle session gives its buffers back, which is most of what it weighs.
        unsafe _ = cp_ssl_ctx_set_mode(context, Int(SSL_MODE_RELEASE_BUFFERS))
        unsafe _ = cp_ssl_ctx_read_ahead(context)
        unsafe _ = cp_ssl_ctx_session_cache_off(context)
        // A client of a front door comes back with one connection: a second ticket would be paid for and not used.
        guard unsafe SSL_CTX_set_num_tickets(context, 1) == 1 else { throw .last("set TLS tickets") }
        unsafe SSL_CTX_set_alpn_select_cb(
            context,
            { _, selected, selectedLength, offered, offeredLength, _ in
                unsafe TLSServerContext.selectALPN(selected, selectedLength, offered, offeredLength)
            }, nil)
    }

    /// Picks `http/1.1` out of the client's list (RFC 7301 section 3.1), or refuses the handshake.
    private static func selectALPN(
        _ selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ selectedLength: UnsafeMutablePointer<UInt8>?,
        _ offered: UnsafePointer<UInt8>?, _ offeredLength: UInt32
    ) -> Int32 {
        let wanted = Array("http/1.1".utf8)
        guard let offered = unsafe offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        // OpenSSL has checked that the list's lengths add up; each is checked again before it is used.
        let list = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredLength))
        var index = 0
        while index < list.count {
            let length = unsafe Int(list[index])
            guard index + 1 + length <= list.count else { return SSL_TLSEXT_ERR_ALERT_FATAL }
            if length == wanted.count, unsafe list[(index + 1)..<(index + 1 + length)].elementsEqual(wanted) {
                // Points into the client's own list, which OpenSSL keeps until it has copied it.
                unsafe selected?.pointee = offered + index + 1
                unsafe selectedLength?.pointee = UInt8(length)
                return SSL_TLSEXT_ERR_OK
            }
            index += 1 + length
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }

    private static func load(_ certificate: Certificate, into handle: TLSContextHandle) throws(CryptoError) {
        let context = unsafe handle.pointer
        let loadChain = "load certificate \(certificate.chainFile)"
        let loadKey = "load private key \(certificate.keyFile)"
        PEMFile.asksNobody(for: handle)
        ERR_clear_error()
        try RegularFile.check(certificate.chainFile, loadChain)
        guard unsafe SSL_CTX_use_certificate_chain_file(context, certificate.chainFile) == 1 else {
            throw .last(loadChain)
        }
        try RegularFile.check(certificate.keyFile, loadKey)
        guard unsafe SSL_CTX_use_PrivateKey_file(context, certificate.keyFile, SSL_FILETYPE_PEM) == 1 else {
            let error = CryptoError.last(loadKey)
            // OpenSSL compares the two as soon as it has both.
            if error.reason == "key values mismatch" { throw Self.mismatch(certificate, error.reason) }
            guard let reason = PEMFile.missingKey(in: certificate.keyFile) else { throw error }
            throw CryptoError(operation: loadKey, reason: reason)
        }
        guard unsafe SSL_CTX_check_private_key(context) == 1 else {
            throw Self.mismatch(certificate, CryptoError.last("").reason)
        }
    }

    private static func mismatch(_ certificate: Certificate, _ reason: String) -> CryptoError {
        CryptoError(
            operation: "match private key \(certificate.keyFile) with certificate \(certificate.chainFile)",
            reason: reason)
    }
}
