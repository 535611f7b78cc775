internal import COpenSSL
internal import CPlatform

/// What a listener serves over TLS: its certificates, chosen by server name, its versions and ciphers.
///
/// TLS 1.2 and 1.3 with Mozilla's intermediate ciphers (those of them that need no finite-field parameters), ALPN
/// `http/1.1`, stateless tickets whose keys live in memory, no renegotiation, no compression.
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

    let defaultContext: TLSContextHandle
    private let exactNames: [String: TLSContextHandle]
    /// By what follows `*.`: a wildcard stands for exactly one label (RFC 6125 section 6.4.3).
    private let wildcardNames: [String: TLSContextHandle]

    private static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

    /// Reads the files. The first certificate answers clients that send no name, or an unknown one.
    package init(certificates: [Certificate], requiresTLS13: Bool = false) throws(CryptoError) {
        var first: TLSContextHandle?
        var exact: [String: TLSContextHandle] = [:]
        var wildcard: [String: TLSContextHandle] = [:]
        for certificate in certificates {
            let context = unsafe try TLSContextHandle(TLS_server_method())
            try Self.configure(context, requiresTLS13: requiresTLS13)
            try Self.load(certificate, into: context)
            first = first ?? context
            for name in Self.names(in: context) {
                if name.hasPrefix("*.") {
                    let suffix = String(name.dropFirst(2))
                    wildcard[suffix] = wildcard[suffix] ?? context
                } else {
                    exact[name] = exact[name] ?? context
                }
            }
        }
        guard let first else { throw CryptoError(operation: "make TLS context", reason: "no certificate is given") }
        defaultContext = first
        exactNames = exact
        wildcardNames = wildcard
        if certificates.count > 1 { chooseByServerName() }
    }

    /// Has OpenSSL ask for the context as soon as it has read the client's server name (RFC 6066 section 3).
    private func chooseByServerName() {
        // The context refers back without a retain: the owner of a listener keeps this object while its sessions live.
        unsafe _ = cp_ssl_ctx_set_server_name_callback(
            defaultContext.pointer,
            { session, _, argument in
                guard let session = unsafe session, let argument = unsafe argument,
                    let name = unsafe SSL_get_servername(session, TLSEXT_NAMETYPE_host_name)
                else { return SSL_TLSEXT_ERR_NOACK }
                let owner = unsafe Unmanaged<TLSServerContext>.fromOpaque(argument).takeUnretainedValue()
                if let context = unsafe owner.context(forServerName: String(cString: name)) {
                    unsafe SSL_set_SSL_CTX(session, context.pointer)
                }
                return SSL_TLSEXT_ERR_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private func context(forServerName name: String) -> TLSContextHandle? {
        let name = name.lowercased()
        if let context = exactNames[name] { return context }
        guard let dot = name.firstIndex(of: ".") else { return nil }
        return wildcardNames[String(name[name.index(after: dot)...])]
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
        ERR_clear_error()
        guard unsafe SSL_CTX_use_certificate_chain_file(context, certificate.chainFile) == 1 else {
            throw .last("load certificate \(certificate.chainFile)")
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(context, certificate.keyFile, SSL_FILETYPE_PEM) == 1 else {
            throw .last("load private key \(certificate.keyFile)")
        }
        guard unsafe SSL_CTX_check_private_key(context) == 1 else {
            throw .last("match private key \(certificate.keyFile) with certificate \(certificate.chainFile)")
        }
    }

    /// The DNS names that the context's certificate is for, lower case.
    private static func names(in handle: TLSContextHandle) -> [String] {
        guard let certificate = unsafe SSL_CTX_get0_certificate(handle.pointer),
            let found = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil)
        else { return [] }
        // X509_get_ext_d2i gives a GENERAL_NAMES for this NID; it is freed below.
        let names = OpaquePointer(found)
        defer { unsafe GENERAL_NAMES_free(names) }
        var result: [String] = []
        for index in 0..<(unsafe cp_general_names_count(names)) {
            guard let name = unsafe cp_general_names_at(names, index), let dns = unsafe cp_general_name_dns(name),
                let bytes = unsafe ASN1_STRING_get0_data(dns)
            else { continue }
            let buffer = unsafe UnsafeBufferPointer(start: bytes, count: Int(ASN1_STRING_length(dns)))
            unsafe result.append(String(decoding: buffer, as: UTF8.self).lowercased())
        }
        return result
    }
}
