internal import COpenSSL
internal import CPlatform

/// What a TLS client trusts: an authority of its own, or the system's.
package final class TLSClientContext: Sendable {
    let handle: TLSContextHandle

    /// Trusts the PEM file `authorityFile` alone, or the system's authorities where it is nil.
    package init(authorityFile: String?) throws(CryptoError) {
        handle = unsafe try TLSContextHandle(TLS_client_method())
        let context = unsafe handle.pointer
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        unsafe _ = cp_ssl_ctx_set_mode(context, Int(SSL_MODE_RELEASE_BUFFERS))
        guard unsafe cp_ssl_ctx_set_minimum_version(context, TLS1_2_VERSION) == 1 else {
            throw .last("set TLS versions")
        }
        ERR_clear_error()
        if let authorityFile {
            let operation = "load authority \(authorityFile)"
            try RegularFile.check(authorityFile, operation)
            guard unsafe SSL_CTX_load_verify_file(context, authorityFile) == 1 else { throw .last(operation) }
        } else {
            guard unsafe SSL_CTX_set_default_verify_paths(context) == 1 else {
                throw .last("load the system's authorities")
            }
        }
    }
}
