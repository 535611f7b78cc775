internal import Crypto
internal import Tokens

/// What made-up tokens are signed with, under whichever algorithm an issuer is pinned to. It is made anew for each rehearsal,
/// never leaves it, and is good for nothing else.
struct RehearsalKey: TokenSigner, SignatureVerifier {
    let keyID: String
    let algorithm: SignatureAlgorithm
    private let secret: [UInt8]

    init() {
        keyID = "rehearsal-\(SecureRandom.tokenID())"
        algorithm = .edDSA
        secret = SecureRandom.bytes(32)
    }

    private init(_ key: RehearsalKey, _ algorithm: SignatureAlgorithm) {
        keyID = key.keyID
        secret = key.secret
        self.algorithm = algorithm
    }

    /// The same key for another algorithm.
    func pinned(to algorithm: SignatureAlgorithm) -> RehearsalKey { RehearsalKey(self, algorithm) }

    func sign(_ message: [UInt8]) -> [UInt8] {
        Digest.sha256(secret + Digest.sha256(secret + message))
    }

    func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        Digest.equal(sign(message), signature)
    }

    var verificationKey: VerificationKey { VerificationKey(id: keyID, algorithm: algorithm, verifier: self) }

    /// The key as one of another issuer's.
    func issuerKey(of issuer: String) -> IssuerKey? {
        let members: [String: ClaimValue] = [
            "kty": .string("oct"), "kid": .string(keyID), "k": .string(Base64URL.encode(SecureRandom.bytes(32))),
        ]
        return JWK(.object(members)).map {
            IssuerKey(id: "\(issuer)/\(keyID)", jwk: $0, verifiers: [verificationKey])
        }
    }
}
