internal import COpenSSL
internal import CPlatform

/// Which context serves which server name, and for whom a session may be resumed.
///
/// Kept by the first context, and so without a reference to it.
final class TLSServerNames: Sendable {
    private enum Choice {
        /// The context that the session has from the start.
        case first
        case other(TLSContextHandle)
    }

    private let exact: [String: Choice]
    /// By what follows `*.`: a wildcard stands for exactly one label (RFC 6125 section 6.4.3).
    private let wildcard: [String: Choice]
    /// A digest of what all sessions that may be resumed for one another have in common, beside the server name.
    private let scopeDigest: [UInt8]
    private let choosesContext: Bool

    private static let index = TLSContextHandle.makeIndex()
    private static let longestName = 255

    /// Names of one certificate stand before those of the ones behind it.
    init(contexts: [TLSContextHandle], scope: [UInt8]) {
        var exact: [String: Choice] = [:]
        var wildcard: [String: Choice] = [:]
        for (index, context) in contexts.enumerated() {
            let choice = index == 0 ? Choice.first : .other(context)
            for name in Self.names(in: context) {
                if name.hasPrefix("*.") {
                    let suffix = String(name.dropFirst(2))
                    wildcard[suffix] = wildcard[suffix] ?? choice
                } else {
                    exact[name] = exact[name] ?? choice
                }
            }
        }
        self.exact = exact
        self.wildcard = wildcard
        scopeDigest = Digest.sha256(scope)
        choosesContext = contexts.count > 1
    }

    /// Has OpenSSL ask for the context as soon as it has the client's hello: before it looks at a ticket. The callback of RFC
    /// 6066's extension would come behind that, with sessions of TLS 1.2 resumed whatever it says.
    func attach(to first: TLSContextHandle) throws(CryptoError) {
        try first.keep(self, at: Self.index)
        unsafe SSL_CTX_set_client_hello_cb(
            first.pointer,
            { session, alert, _ in
                guard let session = unsafe session,
                    let names = unsafe TLSContextHandle.kept(
                        TLSServerNames.self, at: TLSServerNames.index, by: SSL_get_SSL_CTX(session)),
                    unsafe names.prepare(session)
                else {
                    unsafe alert?.pointee = Int32(SSL_AD_INTERNAL_ERROR)
                    return SSL_CLIENT_HELLO_ERROR
                }
                return SSL_CLIENT_HELLO_SUCCESS
            }, nil)
        // A name that chooses something is acknowledged (RFC 6066 section 3).
        guard choosesContext else { return }
        unsafe _ = cp_ssl_ctx_set_server_name_callback(
            first.pointer,
            { session, _, _ in
                let name = unsafe SSL_get_servername(session, TLSEXT_NAMETYPE_host_name)
                return unsafe name == nil ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_OK
            }, nil)
    }

    /// Gives the session its certificate, and the one context in which it, or what a ticket brings back, may be resumed: that
    /// of the same name, with the same demands on the client. What SSL_set_SSL_CTX leaves behind (verification, options,
    /// versions) is the same in all contexts of a listener.
    private func prepare(_ session: OpaquePointer) -> Bool {
        let name = unsafe Self.serverName(in: session)
        if case .other(let context) = choice(for: String(decoding: name, as: UTF8.self)) {
            guard unsafe SSL_set_SSL_CTX(session, context.pointer) != nil else { return false }
        }
        let context = sessionContext(for: name)
        return unsafe SSL_set_session_id_context(session, context, UInt32(context.count)) == 1
    }

    /// Where a session may be resumed; as long as OpenSSL takes (SSL_MAX_SID_CTX_LENGTH). The name is bytes of the client's own
    /// choice: the scope before it is of a fixed length, so that no name continues it into another.
    func sessionContext(for name: [UInt8]) -> [UInt8] {
        Digest.sha256(scopeDigest + name)
    }

    private func choice(for name: String) -> Choice {
        if let choice = exact[name] { return choice }
        guard let dot = name.firstIndex(of: ".") else { return .first }
        return wildcard[String(name[name.index(after: dot)...])] ?? .first
    }

    /// The bytes of the name in a client's hello (RFC 6066 section 3), in ASCII's lower case; none where there is no name. What
    /// breaks the extension's form is none, too: OpenSSL refuses that hello by itself.
    private static func serverName(in session: OpaquePointer) -> [UInt8] {
        var start: UnsafePointer<UInt8>?
        var count = 0
        guard unsafe SSL_client_hello_get0_ext(session, UInt32(TLSEXT_TYPE_server_name), &start, &count) == 1,
            let start = unsafe start
        else { return [] }
        // The extension is lent by OpenSSL while its callback runs.
        let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
        // The list's length, the entry's type, the name's length, and the name: a list has one entry in practice and in OpenSSL.
        guard bytes.count > 5, unsafe bytes[2] == UInt8(TLSEXT_NAMETYPE_host_name) else { return [] }
        let length = unsafe Int(bytes[3]) << 8 | Int(bytes[4])
        guard length <= longestName, 5 + length <= bytes.count else { return [] }
        return unsafe bytes[5..<(5 + length)].map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }

    /// The DNS names that the context's certificate is for, lower case.
    static func names(in handle: TLSContextHandle) -> [String] {
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
