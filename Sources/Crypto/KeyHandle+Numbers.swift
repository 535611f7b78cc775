internal import COpenSSL
internal import CPlatform

extension KeyHandle {
    /// An RSA public key. Its numbers have been looked at (``Tokens/JWK``); whether the modulus is a product of primes nobody
    /// can say.
    static func rsa(modulus: [UInt8], exponent: [UInt8]) throws(CryptoError) -> KeyHandle {
        let operation = "read an RSA public key"
        // Unsafe: both numbers live until the end of this function, and the builder copies them.
        guard let n = unsafe BN_bin2bn(modulus, CInt(clamping: modulus.count), nil) else { throw .last(operation) }
        defer { unsafe BN_free(n) }
        guard let e = unsafe BN_bin2bn(exponent, CInt(clamping: exponent.count), nil) else { throw .last(operation) }
        defer { unsafe BN_free(e) }
        return try unsafe make("RSA", operation) { builder in
            unsafe cp_add_rsa_numbers(builder, n, e) == 1
        }
    }

    /// A point on a curve; throws where it is not on it.
    static func ellipticCurve(_ curve: String, x: [UInt8], y: [UInt8]) throws(CryptoError) -> KeyHandle {
        let operation = "read an elliptic curve public key"
        // SEC 1 section 2.3.3: uncompressed.
        let point = [4] + x + y
        // Unsafe: the builder refers to both texts, which live until the key is made.
        let made = unsafe point.withUnsafeBufferPointer { point in
            unsafe curve.withCString { name in
                Result { () throws(CryptoError) in
                    try unsafe make("EC", operation) { builder in
                        unsafe cp_add_point(builder, name, point.baseAddress, point.count) == 1
                    }
                }
            }
        }
        let key = try made.get()
        // Unsafe: the context lives until the end of this function.
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil) else { throw .last(operation) }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_public_check(context) == 1 else { throw .last(operation) }
        return key
    }

    /// Makes a public key of the kind `name` of what `fill` gives.
    private static func make(
        _ name: String, _ operation: String, _ fill: (OpaquePointer) -> Bool
    ) throws(CryptoError) -> KeyHandle {
        // Unsafe: builder, parameters and context live until the end of this function; the key goes to its owner.
        guard let builder = unsafe OSSL_PARAM_BLD_new() else { throw .last(operation) }
        defer { unsafe OSSL_PARAM_BLD_free(builder) }
        guard unsafe fill(builder), let parameters = unsafe OSSL_PARAM_BLD_to_param(builder) else {
            throw .last(operation)
        }
        defer { unsafe OSSL_PARAM_free(parameters) }
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, name, nil) else { throw .last(operation) }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard unsafe EVP_PKEY_fromdata_init(context) == 1,
            unsafe EVP_PKEY_fromdata(context, &key, cp_public_key_selection(), parameters) == 1
        else { throw .last(operation) }
        return try unsafe KeyHandle(owning: key, operation)
    }
}
