internal import COpenSSL

/// Owns one `EVP_PKEY`, private or public.
///
/// Unchecked: a key is not written after it was made, and OpenSSL 3 allows any number of threads to sign and verify with
/// one key as long as each has its own `EVP_MD_CTX`.
/// Safe: the pointer is valid as long as the object is.
@safe final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over the key; nil gives OpenSSL's reason under the name of `operation`.
    init(owning pointer: OpaquePointer?, _ operation: String) throws(CryptoError) {
        guard let pointer = unsafe pointer else { throw .last(operation) }
        unsafe self.pointer = pointer
    }

    deinit {
        // Unsafe: the one reference that this object took over.
        unsafe EVP_PKEY_free(pointer)
    }

    /// Makes a key of the kind that `name` says; `configure` sets parameters and returns 1 on success.
    static func generate(
        _ name: String, configure: ((OpaquePointer) -> CInt)? = nil
    ) throws(CryptoError) -> KeyHandle {
        // Unsafe: the context lives until the end of this function, and the key that it yields goes to its owner.
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, name, nil) else { throw .last("make a key") }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1, unsafe configure?(context) ?? 1 == 1,
            unsafe EVP_PKEY_generate(context, &key) == 1
        else { throw .last("make a key") }
        return try unsafe KeyHandle(owning: key, "make a key")
    }
}
