import Crypto
import Testing
import TokenStore
import Tokens

@Suite struct StoredKeyTests {
    private let state: TemporaryState

    init() throws {
        state = try TemporaryState()
    }

    private static func make() throws -> StoredKey {
        let key = try Ed25519PrivateKey.generate()
        return StoredKey(
            id: key.keyID, algorithm: key.algorithm, publicKey: key.publicKey.rawRepresentation,
            privateKey: try key.rawRepresentation())
    }

    @Test func aKeyIsMadeOnce() throws {
        let store = try state.store()
        #expect(try store.publicKeys(now: 1).isEmpty)
        let key = try store.signingKey(now: 1, orMake: Self.make)
        #expect(try store.signingKey(now: 2) { throw CancellationError() } == key)
        #expect(try state.store().signingKey(now: 3) { throw CancellationError() } == key)
        #expect(try store.publicKeys(now: 1) == store.publicKeys(now: 1).filter { $0.id == key.id })
        #expect(try store.publicKeys(now: 1).map(\.publicKey) == [key.publicKey])
    }

    @Test("of several that come at once, all get one key")
    func race() async throws {
        let state = state
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<6 {
                group.addTask { try state.store().signingKey(now: 1, orMake: Self.make).id }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        #expect(try state.store().publicKeys(now: 1).map(\.id) == Array(ids))
    }

    @Test func aKeyThatCannotBeMadeLeavesNothing() throws {
        let store = try state.store()
        #expect(storeError { _ = try store.signingKey(now: 1) { throw CancellationError() } } == .keyNotMade)
        #expect(try store.publicKeys(now: 1).isEmpty)
    }

    @Test("the key that comes back signs what its public part verifies")
    func roundTrip() throws {
        let stored = try state.store().signingKey(now: 1, orMake: Self.make)
        let token = try JWS.encode(
            TokenRecord.example().claims, signer: Ed25519PrivateKey(rawRepresentation: stored.privateKey))
        let authority = TokenAuthority()
        authority.replaceKeys(
            try state.store().publicKeys(now: 1).map {
                try VerificationKey(id: $0.id, algorithm: $0.algorithm, publicKey: $0.publicKey)
            })
        #expect(
            try authority.verify(token, issuers: ["local"], audience: nil, scopes: [], now: 1500).keyID == stored.id)
    }

    @Test("private bytes are in no description")
    func descriptions() throws {
        let key = StoredKey(id: "k", algorithm: .edDSA, publicKey: [1], privateKey: [222, 173])
        for text in ["\(key)", String(reflecting: key), String(describing: key), "\([key])", "\(Optional(key) as Any)"]
        {
            #expect(!text.contains("222"))
        }
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("222"))
    }
}
