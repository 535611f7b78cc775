internal import COpenSSL

/// Takes what OpenSSL writes as text.
enum MemorySink {
    /// What `write` wrote to the BIO that it is given; it returns 1 on success.
    static func text(_ operation: String, _ write: (OpaquePointer) -> CInt) throws(CryptoError) -> String {
        // Unsafe: the BIO lives until the end of this function, and is read into a buffer of the length that it says it holds.
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw .last(operation) }
        defer { unsafe BIO_free(bio) }
        guard unsafe write(bio) == 1 else { throw .last(operation) }
        let length = unsafe BIO_ctrl_pending(bio)
        var bytes = [UInt8](repeating: 0, count: length)
        guard unsafe BIO_read(bio, &bytes, CInt(clamping: length)) == CInt(clamping: length) else {
            throw .last(operation)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
