internal import COpenSSL
internal import Tokens

/// Checks RSA and ECDSA signatures (RFC 7518 sections 3.3 to 3.5) with one key by one algorithm.
struct PublicKeyVerifier: SignatureVerifier {
    /// How the key's signatures are written.
    enum Form: Sendable {
        case rsa(signatureBytes: Int)
        /// Two numbers of this length side by side (section 3.4).
        case ecdsa(coordinateBytes: Int)
    }

    private let key: KeyHandle
    private let form: Form
    private let algorithm: SignatureAlgorithm
    /// Of all that the answer depends on beside signature and message: 32 bytes.
    private let fingerprint: [UInt8]

    /// Of all keys, so that a key that is read again knows what it has verified.
    private static let verified = VerifiedSignatures()

    init(_ key: KeyHandle, _ form: Form, _ algorithm: SignatureAlgorithm, fingerprint: [UInt8]) {
        self.key = key
        self.form = form
        self.algorithm = algorithm
        // The length of a signature follows from key and algorithm, so that no two triples are one row of bytes.
        self.fingerprint = Digest.sha256(Array("\(algorithm.rawValue) ".utf8) + fingerprint)
    }

    func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        guard let encoded = encoded(signature) else { return false }
        let known = VerifiedSignatures.fingerprint(publicKey: fingerprint, signature: signature, message: message)
        return Self.verified.isValid(known) { verifies(encoded, for: message) }
    }

    /// As OpenSSL takes it; nil where its length is wrong.
    private func encoded(_ signature: [UInt8]) -> [UInt8]? {
        switch form {
        case .rsa(let count): return signature.count == count ? signature : nil
        case .ecdsa(let count):
            guard signature.count == 2 * count else { return nil }
            let numbers = DER.integer(signature[..<count]) + DER.integer(signature[count...])
            return DER.sequence(numbers)
        }
    }

    /// nil where OpenSSL cannot say.
    private func verifies(_ signature: [UInt8], for message: [UInt8]) -> Bool? {
        // Unsafe: the context lives until the end of this function, the key's own context with it; OpenSSL reads `count` bytes
        // of both.
        guard let context = unsafe EVP_MD_CTX_new() else { return nil }
        defer { unsafe EVP_MD_CTX_free(context) }
        var keyContext: OpaquePointer?
        let isReady =
            unsafe EVP_DigestVerifyInit(context, &keyContext, digest, nil, key.pointer) == 1
            && setPadding(keyContext)
        let code = unsafe isReady ? EVP_DigestVerify(context, signature, signature.count, message, message.count) : -1
        // Whatever a forged signature leaves behind, the next TLS call of this thread must not take for its own.
        if code != 1 { ERR_clear_error() }
        return code < 0 ? nil : code == 1
    }

    private var digest: OpaquePointer? {
        // Unsafe: constants of OpenSSL's own.
        switch algorithm.digestBytes {
        case 32: unsafe EVP_sha256()
        case 48: unsafe EVP_sha384()
        default: unsafe EVP_sha512()
        }
    }

    /// RFC 7518 section 3.5: MGF1 with the same digest, a salt as long as it is.
    private func setPadding(_ context: OpaquePointer?) -> Bool {
        switch algorithm {
        case .ps256, .ps384, .ps512:
            // Unsafe: the context is that of a verification which has begun. OpenSSL takes the digest for MGF1 too.
            unsafe EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, CInt(algorithm.digestBytes)) == 1
        default: true
        }
    }
}

/// As much of DER (X.690) as an ECDSA signature needs: what it holds has less than 128 bytes.
enum DER {
    /// A number that is not negative, big-endian, with or without zeros in front.
    static func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var digits = Array(bytes.drop { $0 == 0 })
        // A first bit that is set would be a sign.
        if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
        return [0x02, UInt8(truncatingIfNeeded: digits.count)] + digits
    }

    static func sequence(_ content: [UInt8]) -> [UInt8] {
        [0x30, UInt8(truncatingIfNeeded: content.count)] + content
    }
}
