internal import COpenSSL

/// An owned SSL_CTX.
@safe final class TLSContextHandle: Sendable {
    // SSL_CTX is reference counted and locks inside; who made it configures it before it is shared.
    nonisolated(unsafe) let pointer: OpaquePointer

    /// A context for one side of TLS, without any setting of ours.
    init(_ method: OpaquePointer?) throws(CryptoError) {
        guard let context = unsafe SSL_CTX_new(method) else { throw .last("make TLS context") }
        unsafe pointer = context
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
    }
}
