import Crypto
import Testing
import Tokens

@Suite struct Ed25519Tests {
    /// RFC 8037 appendix A.1.
    private static let privateKey = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
    private static let publicKey = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"

    private static func bytes(_ text: String) throws -> [UInt8] {
        try #require(Base64URL.decode(Array(text.utf8)))
    }

    @Test("RFC 8037 appendix A.1 and A.2: the public key follows from the private one")
    func publicKey() throws {
        let key = try Ed25519PrivateKey(rawRepresentation: Self.bytes(Self.privateKey))
        #expect(key.publicKey.rawRepresentation == (try Self.bytes(Self.publicKey)))
        #expect(try key.rawRepresentation() == Self.bytes(Self.privateKey))
    }

    @Test("RFC 8037 appendix A.3: the key's name is its thumbprint")
    func thumbprint() throws {
        let key = try Ed25519PrivateKey(rawRepresentation: Self.bytes(Self.privateKey))
        #expect(key.keyID == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        #expect(key.publicKey.verificationKey.id == key.keyID)
    }

    @Test("RFC 8037 appendix A.4 and A.5: signing and validation")
    func signature() throws {
        let key = try Ed25519PrivateKey(rawRepresentation: Self.bytes(Self.privateKey))
        let message = Array("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".utf8)
        let signature = try key.sign(message)
        #expect(
            Base64URL.encode(signature)
                == "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
        #expect(key.publicKey.isValid(signature, for: message))
        #expect(try Ed25519PublicKey(rawRepresentation: Self.bytes(Self.publicKey)).isValid(signature, for: message))
    }

    @Test("RFC 8032 section 7.1, test 1: an empty message")
    func emptyMessage() throws {
        let key = try Ed25519PrivateKey(rawRepresentation: Self.bytes(Self.privateKey))
        let signature = try key.sign([])
        #expect(signature.prefix(6) == [0xE5, 0x56, 0x43, 0x00, 0xC3, 0x60])
        #expect(signature.suffix(2) == [0x10, 0x0B])
        #expect(key.publicKey.isValid(signature, for: []))
    }

    @Test("H35 a signature that differs in a bit, is cut, longer or empty does not hold")
    func damagedSignature() throws {
        let key = try Ed25519PrivateKey.generate()
        let message = Array("message".utf8)
        let signature = try key.sign(message)
        for index in signature.indices {
            var damaged = signature
            damaged[index] ^= 0x10
            #expect(!key.publicKey.isValid(damaged, for: message))
        }
        #expect(!key.publicKey.isValid([], for: message))
        #expect(!key.publicKey.isValid(signature.dropLast(), for: message))
        #expect(!key.publicKey.isValid(signature + [0], for: message))
        #expect(!key.publicKey.isValid([UInt8](repeating: 0, count: 64), for: message))
        #expect(!key.publicKey.isValid(signature, for: message + [0]))
        #expect(try !Ed25519PrivateKey.generate().publicKey.isValid(signature, for: message))
    }

    @Test("keys of a wrong length", arguments: [0, 31, 33, 64])
    func wrongLength(count: Int) {
        #expect(throws: CryptoError.self) {
            try Ed25519PrivateKey(rawRepresentation: [UInt8](repeating: 1, count: count))
        }
        #expect(throws: CryptoError.self) {
            try Ed25519PublicKey(rawRepresentation: [UInt8](repeating: 1, count: count))
        }
    }

    @Test func keysDiffer() throws {
        let keys = try (0..<8).map { _ in try Ed25519PrivateKey.generate().keyID }
        #expect(Set(keys).count == 8)
    }

    @Test("a token goes the whole way, also from many threads at once")
    func tokens() async throws {
        let key = try Ed25519PrivateKey.generate()
        let authority = TokenAuthority()
        authority.replaceKeys([
            try VerificationKey(id: key.keyID, algorithm: .edDSA, publicKey: key.publicKey.rawRepresentation)
        ])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    for round in 0..<50 {
                        let claims = TokenClaims(subject: "s\(number)", id: "\(round)", issuedAt: 1, expiresAt: 9)
                        let token = try JWS.encode(claims, signer: key)
                        let verified = try authority.verify(
                            token, issuers: ["local"], audience: nil, scopes: [], now: 5)
                        #expect(verified.claims == claims)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("H35 an HMAC with the public key as its secret does not hold")
    func algorithmConfusion() throws {
        let key = try Ed25519PrivateKey.generate()
        let authority = TokenAuthority()
        authority.replaceKeys([key.publicKey.verificationKey])
        let header = Base64URL.encode(Array(#"{"alg":"HS256","kid":"\#(key.keyID)"}"#.utf8))
        let payload = Base64URL.encode(Array(#"{"iss":"portcullis","sub":"root","jti":"1","iat":1,"exp":9}"#.utf8))
        // The HMAC itself does not matter: the name of the algorithm alone must end it, and any 32 bytes stand for it.
        let digest = Digest.sha256(key.publicKey.rawRepresentation + Array("\(header).\(payload)".utf8))
        #expect(throws: TokenError.signatureInvalid) {
            try authority.verify(
                "\(header).\(payload).\(Base64URL.encode(digest))", issuers: ["local"], audience: nil, scopes: [],
                now: 5)
        }
    }
}
