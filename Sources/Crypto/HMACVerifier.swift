internal import COpenSSL
internal import Tokens

/// Checks HMACs (RFC 7518 section 3.2) by one secret and one algorithm.
struct HMACVerifier: SignatureVerifier {
    private let secret: [UInt8]
    private let algorithm: SignatureAlgorithm

    init(secret: [UInt8], algorithm: SignatureAlgorithm) {
        self.secret = secret
        self.algorithm = algorithm
    }

    func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        guard let code = code(for: message) else { return false }
        return Digest.equal(code, signature)
    }

    private func code(for message: [UInt8]) -> [UInt8]? {
        var code = [UInt8](repeating: 0, count: algorithm.digestBytes)
        var length: UInt32 = 0
        // Unsafe: reads all of secret and message, and writes as many bytes as the digest has.
        let isMade = unsafe HMAC(digest, secret, CInt(clamping: secret.count), message, message.count, &code, &length)
        return unsafe isMade != nil && Int(length) == code.count ? code : nil
    }

    private var digest: OpaquePointer? {
        // Unsafe: constants of OpenSSL's own.
        switch algorithm {
        case .hs256: unsafe EVP_sha256()
        case .hs384: unsafe EVP_sha384()
        default: unsafe EVP_sha512()
        }
    }
}
