import Testing
import Tokens

@testable import Engine

@Suite struct RehearsalKeyTests {
    @Test("it knows what it has signed, and no other key does")
    func signs() throws {
        let (key, other) = (RehearsalKey(), RehearsalKey())
        let signature = key.sign([1, 2, 3])
        #expect(key.isValid(signature, for: [1, 2, 3]) && !key.isValid(signature, for: [1, 2]))
        #expect(!other.isValid(signature, for: [1, 2, 3]) && key.keyID != other.keyID)
        #expect(!key.isValid([], for: [1, 2, 3]))
    }

    @Test("under any algorithm that an issuer is pinned to", arguments: SignatureAlgorithm.allCases)
    func pinned(_ algorithm: SignatureAlgorithm) throws {
        let key = RehearsalKey().pinned(to: algorithm)
        let issuerKey = try #require(key.issuerKey(of: "corporate"))
        #expect(issuerKey.id == "corporate/\(key.keyID)" && issuerKey.jwk.keyID == key.keyID)
        #expect(issuerKey.verifiers.map(\.algorithm) == [algorithm])
        #expect(issuerKey.verifiers[0].verifier.isValid(key.sign([7]), for: [7]))
    }
}
