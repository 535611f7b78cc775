import Tokens

/// A key that takes no cryptography: its signature is a checksum over its secret and the message.
struct FakeKey: TokenSigner, SignatureVerifier {
    var keyID = "key-1"
    var secret = "s"
    var algorithm: SignatureAlgorithm { .edDSA }

    func sign(_ message: [UInt8]) -> [UInt8] {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in Array(secret.utf8) + message { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64($0 * 8)) }
    }

    func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        signature == sign(message)
    }

    var verificationKey: VerificationKey {
        VerificationKey(id: keyID, algorithm: algorithm, verifier: self)
    }

    /// A token with this header and payload as they stand, signed.
    func token(header: String, payload: String) -> String {
        let input = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        return input + "." + Base64URL.encode(sign(Array(input.utf8)))
    }
}

extension TokenClaims {
    /// Issued at 1000, good until 2000.
    static func example(
        subject: String = "alice", id: String = "t1", audiences: [String] = [], scopes: [String] = [],
        issuedAt: Int64 = 1000, notBefore: Int64? = nil, expiresAt: Int64 = 2000, other: [String: ClaimValue] = [:]
    ) -> TokenClaims {
        TokenClaims(
            subject: subject, id: id, audiences: audiences, scopes: scopes, issuedAt: issuedAt, notBefore: notBefore,
            expiresAt: expiresAt, other: other)
    }
}
