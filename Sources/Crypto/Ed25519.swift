internal import COpenSSL
package import Tokens

/// An Ed25519 private key (RFC 8032) that signs tokens.
package struct Ed25519PrivateKey: TokenSigner {
    private let handle: KeyHandle
    package let publicKey: Ed25519PublicKey

    package static func generate() throws(CryptoError) -> Ed25519PrivateKey {
        // Unsafe: no pointer is passed.
        try Ed25519PrivateKey(unsafe KeyHandle.generate("ED25519"))
    }

    /// From its 32 bytes (RFC 8032 section 5.1.5).
    package init(rawRepresentation bytes: [UInt8]) throws(CryptoError) {
        // Unsafe: reads `count` bytes.
        try self.init(
            unsafe KeyHandle(
                owning: EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, bytes, bytes.count),
                "read an Ed25519 private key"))
    }

    private init(_ handle: KeyHandle) throws(CryptoError) {
        self.handle = handle
        // Unsafe: the handle is alive, and `rawBytes` passes on a buffer and its length.
        publicKey = try unsafe Ed25519PublicKey(
            rawRepresentation: rawBytes("read a public key") {
                unsafe EVP_PKEY_get_raw_public_key(handle.pointer, $0, $1)
            })
    }

    /// The 32 secret bytes.
    package func rawRepresentation() throws(CryptoError) -> [UInt8] {
        // Unsafe: as above.
        try unsafe rawBytes("read a private key") { unsafe EVP_PKEY_get_raw_private_key(handle.pointer, $0, $1) }
    }

    package var keyID: String { publicKey.keyID }
    package var algorithm: SignatureAlgorithm { .edDSA }

    /// 64 bytes (RFC 8032 section 5.1.6).
    package func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        // Unsafe: the context lives until the end of this function; OpenSSL reads `count` bytes of the message and writes no
        // more than the length that it is told.
        guard let context = unsafe EVP_MD_CTX_new() else { throw .last("sign") }
        defer { unsafe EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var length = signature.count
        guard unsafe EVP_DigestSignInit(context, nil, nil, nil, handle.pointer) == 1,
            unsafe EVP_DigestSign(context, &signature, &length, message, message.count) == 1, length == 64
        else { throw .last("sign") }
        return signature
    }
}

/// An Ed25519 public key (RFC 8032) that tokens are checked with.
package struct Ed25519PublicKey: SignatureVerifier {
    private let handle: KeyHandle
    /// Its 32 bytes.
    package let rawRepresentation: [UInt8]

    package init(rawRepresentation bytes: [UInt8]) throws(CryptoError) {
        // Unsafe: reads `count` bytes.
        handle = try unsafe KeyHandle(
            owning: EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count),
            "read an Ed25519 public key")
        rawRepresentation = bytes
    }

    /// The key's JWK thumbprint (RFC 7638, RFC 8037 appendix A.3), which follows from the key alone.
    package var keyID: String {
        let x = Base64URL.encode(rawRepresentation)
        return Base64URL.encode(Digest.sha256(Array(#"{"crv":"Ed25519","kty":"OKP","x":"\#(x)"}"#.utf8)))
    }

    /// For ``TokenAuthority/replaceKeys(_:)``.
    package var verificationKey: VerificationKey {
        VerificationKey(id: keyID, algorithm: .edDSA, verifier: self)
    }

    /// Of all keys, so that a key that is read again knows what it has verified.
    private static let verified = VerifiedSignatures()

    package func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        isValid(signature, for: message, known: Self.verified)
    }

    /// A client that comes back brings the token that it has: its signature is not worked out twice.
    func isValid(_ signature: [UInt8], for message: [UInt8], known: VerifiedSignatures) -> Bool {
        guard signature.count == 64 else { return false }
        let fingerprint = VerifiedSignatures.fingerprint(
            publicKey: rawRepresentation, signature: signature, message: message)
        return known.isValid(fingerprint) { verifies(signature, for: message) }
    }

    /// nil where OpenSSL cannot say.
    private func verifies(_ signature: [UInt8], for message: [UInt8]) -> Bool? {
        // Unsafe: the context lives until the end of this function; OpenSSL reads `count` bytes of both.
        guard let context = unsafe EVP_MD_CTX_new() else { return nil }
        defer { unsafe EVP_MD_CTX_free(context) }
        let isReady = unsafe EVP_DigestVerifyInit(context, nil, nil, nil, handle.pointer) == 1
        let code = unsafe isReady ? EVP_DigestVerify(context, signature, signature.count, message, message.count) : -1
        // Whatever a forged signature leaves behind, the next TLS call of this thread must not take for its own.
        if code != 1 { ERR_clear_error() }
        return code < 0 ? nil : code == 1
    }
}

/// The 32 bytes that `read` writes into the buffer that it is given, whose length it is told and answers.
private func rawBytes(
    _ operation: String, _ read: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Int>) -> CInt
) throws(CryptoError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 32)
    var length = bytes.count
    guard unsafe read(&bytes, &length) == 1, length == 32 else { throw .last(operation) }
    return bytes
}
