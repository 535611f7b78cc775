internal import COpenSSL
internal import CPlatform

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

/// What OpenSSL's callbacks find by way of a context, which lives as long as a session does that was made of it: longer
/// than its owner here, where a reload has replaced that.
extension TLSContextHandle {
    /// A place for an object in every context.
    static func makeIndex() -> Int32 {
        unsafe cp_ssl_ctx_data_index { _, object, _, _, _, _ in
            // Retained in `keep`; OpenSSL frees a context once.
            if let object = unsafe object { unsafe Unmanaged<AnyObject>.fromOpaque(object).release() }
        }
    }

    /// Has the context keep `object` alive. Once for each index. The object must not refer to the context itself.
    func keep<Kept: AnyObject & Sendable>(_ object: Kept, at index: Int32) throws(CryptoError) {
        let kept = unsafe Unmanaged.passRetained(object)
        guard unsafe SSL_CTX_set_ex_data(pointer, index, kept.toOpaque()) == 1 else {
            unsafe kept.release()
            throw .last("make TLS context")
        }
    }

    /// The object that `context` keeps there, which must be a `Kept`; nil where there is none.
    @unsafe static func kept<Kept: AnyObject>(_: Kept.Type, at index: Int32, by context: OpaquePointer?) -> Kept? {
        guard let context = unsafe context, let object = unsafe SSL_CTX_get_ex_data(context, index) else { return nil }
        return unsafe Unmanaged<Kept>.fromOpaque(object).takeUnretainedValue()
    }
}
