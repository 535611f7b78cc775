import Testing
import Tokens

@testable import Crypto

@Suite struct VerifiedSignaturesTests {
    private let key: Ed25519PrivateKey
    private let message = Array("header.payload".utf8)
    private let signature: [UInt8]

    init() throws {
        key = try Ed25519PrivateKey.generate()
        signature = try key.sign(message)
    }

    private func fingerprint(_ number: Int) -> VerifiedSignatures.Fingerprint {
        VerifiedSignatures.fingerprint(publicKey: [], signature: [], message: Array("\(number)".utf8))
    }

    @Test("what was verified is known from then on, by every key of the same bytes")
    func known() throws {
        let known = VerifiedSignatures()
        let fingerprint = VerifiedSignatures.fingerprint(
            publicKey: key.publicKey.rawRepresentation, signature: signature, message: message)
        #expect(!known.contains(fingerprint))
        #expect(key.publicKey.isValid(signature, for: message, known: known))
        #expect(known.contains(fingerprint))
        let same = try Ed25519PublicKey(rawRepresentation: key.publicKey.rawRepresentation)
        #expect(same.isValid(signature, for: message, known: known))
    }

    @Test("H35 a known signature stands for its own message under its own key, and no other")
    func otherwise() throws {
        let known = VerifiedSignatures()
        #expect(key.publicKey.isValid(signature, for: message, known: known))
        #expect(!key.publicKey.isValid(signature, for: message + [0], known: known))
        #expect(!key.publicKey.isValid(signature, for: message.dropLast(), known: known))
        for index in signature.indices {
            var damaged = signature
            damaged[index] ^= 1
            #expect(!key.publicKey.isValid(damaged, for: message, known: known))
        }
        let other = try Ed25519PrivateKey.generate().publicKey
        #expect(!other.isValid(signature, for: message, known: known))
        // The same bytes, cut at another place.
        #expect(!key.publicKey.isValid(signature + message.prefix(1), for: Array(message.dropFirst()), known: known))
    }

    @Test("a known signature is not worked out again")
    func notAgain() {
        let known = VerifiedSignatures()
        // Never valid, so that only what is known can have it taken.
        let forged = [UInt8](repeating: 7, count: 64)
        #expect(!key.publicKey.isValid(forged, for: message, known: known))
        known.insert(
            VerifiedSignatures.fingerprint(
                publicKey: key.publicKey.rawRepresentation, signature: forged, message: message))
        #expect(key.publicKey.isValid(forged, for: message, known: known))
    }

    @Test("one that did not hold is not worked out again either")
    func notAgainInvalid() {
        let known = VerifiedSignatures()
        // Valid in truth, so that only what is known can have it refused.
        let fingerprint = VerifiedSignatures.fingerprint(
            publicKey: key.publicKey.rawRepresentation, signature: signature, message: message)
        let answer = known.isValid(fingerprint) { false }
        #expect(!answer)
        #expect(!key.publicKey.isValid(signature, for: message, known: known))
        #expect(!known.contains(fingerprint))
    }

    @Test("what could not be worked out is asked again")
    func noAnswer() {
        let known = VerifiedSignatures()
        let asked = fingerprint(1)
        let answers = [nil, true, nil].map { answer in known.isValid(asked) { answer } }
        #expect(answers == [false, true, true])
    }

    @Test("bad signatures push no good ones out, however many come")
    func onlyValid() throws {
        let known = VerifiedSignatures(capacity: VerifiedSignatures.shelfCount)
        #expect(key.publicKey.isValid(signature, for: message, known: known))
        for number in 0..<500 {
            let bad = (0..<64).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0) }
            #expect(!key.publicKey.isValid(bad, for: message, known: known))
            let fingerprint = VerifiedSignatures.fingerprint(
                publicKey: key.publicKey.rawRepresentation, signature: bad, message: message)
            #expect(!known.contains(fingerprint))
        }
        let fingerprint = VerifiedSignatures.fingerprint(
            publicKey: key.publicKey.rawRepresentation, signature: signature, message: message)
        #expect(known.contains(fingerprint))
    }

    @Test("no more are known than there is room for, and the oldest go first")
    func bounded() {
        let known = VerifiedSignatures()
        let count = 3 * VerifiedSignatures.capacity
        for number in 0..<count { known.insert(fingerprint(number)) }
        let kept = (0..<count).filter { known.contains(fingerprint($0)) }
        #expect(kept.count == VerifiedSignatures.capacity)
        // Shelves are not equally full, so that some kept ones are older than the capacity.
        #expect(kept.allSatisfy { $0 >= count - 2 * VerifiedSignatures.capacity })
        #expect(kept.contains(count - 1) && !kept.contains(0))
    }

    @Test("nothing is known before anything was verified, not even zeros")
    func empty() {
        #expect(!VerifiedSignatures().contains(.zero))
    }

    @Test("from many threads at once")
    func threads() async {
        let known = VerifiedSignatures()
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                group.addTask {
                    for number in 0..<200 {
                        let own = self.fingerprint(thread * 1000 + number)
                        known.insert(own)
                        #expect(known.contains(own))
                    }
                }
            }
        }
    }

    @Test("a token that was admitted is refused as soon as its key, its time or a revocation says so")
    func decisions() throws {
        let authority = TokenAuthority()
        authority.replaceKeys([key.publicKey.verificationKey])
        let claims = TokenClaims(
            subject: "s", id: "1", audiences: ["chat"], scopes: ["read"], issuedAt: 1, notBefore: 3, expiresAt: 9)
        let token = try JWS.encode(claims, signer: key)
        func verify(now: Int64 = 5, audience: String = "chat", scopes: [String] = ["read"]) throws(TokenError) {
            _ = try authority.verify(token, issuers: ["local"], audience: audience, scopes: scopes, now: now)
        }
        for _ in 0..<2 {
            try verify()
            #expect(throws: TokenError.expired) { try verify(now: 9) }
            #expect(throws: TokenError.notYetValid) { try verify(now: 2) }
            #expect(throws: TokenError.audienceMismatch) { try verify(audience: "other") }
            #expect(throws: TokenError.scopeMissing) { try verify(scopes: ["write"]) }
        }
        let successor = try Ed25519PrivateKey.generate()
        // Another key under the name that the token has, then none.
        authority.replaceKeys([
            VerificationKey(id: key.keyID, algorithm: .edDSA, verifier: successor.publicKey)
        ])
        #expect(throws: TokenError.signatureInvalid) { try verify() }
        authority.replaceKeys([successor.publicKey.verificationKey])
        #expect(throws: TokenError.unknownKey) { try verify() }
        authority.replaceKeys([key.publicKey.verificationKey])
        try verify()
        authority.markUnavailable(true)
        #expect(throws: TokenError.storeUnavailable) { try verify() }
        authority.markUnavailable(false)
        authority.add([.id("1", expiresAt: 9)])
        #expect(throws: TokenError.revoked) { try verify() }
    }
}
