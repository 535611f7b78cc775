internal import Locking

/// A key of another issuer, and how a token names it.
package struct IssuerKey: Sendable {
    /// What stands for it in ``VerifiedToken/keyID``: `ISSUER/kid`, which no builtin key is called.
    package let id: String
    package let jwk: JWK
    /// One for each algorithm that it may be used with.
    package let verifiers: [VerificationKey]

    package init(id: String, jwk: JWK, verifiers: [VerificationKey]) {
        self.id = id
        self.jwk = jwk
        self.verifiers = verifiers
    }
}

/// The keys of one `jwt` issuer, which change while the gateway runs. Safe to use from any thread; the lock is held for
/// lookups and for the swap of a whole set, never while a key is made or a signature is checked.
package final class TokenKeys: Sendable {
    /// Keys that are tried for one token at most: those that share a `kid`, or all where the token names none.
    package static let maximumCandidates = 4

    private struct Table {
        var all: [IssuerKey]
        /// Keys with one `kid` are alternatives (RFC 7517 section 4.5).
        var byKeyID: [String: [IssuerKey]]
    }

    /// nil until there have been keys.
    private let table = Lock<Table?>(nil)

    package init() {}

    /// Whether there have ever been keys.
    package var isEmpty: Bool { table.withLock { $0 == nil } }

    /// Puts these keys in the place of those known so far; the ids of those that are no longer there.
    package func replace(_ keys: [IssuerKey]) -> [String] {
        let named = keys.filter { $0.jwk.keyID != nil }
        let next = Table(all: keys, byKeyID: Dictionary(grouping: named) { $0.jwk.keyID ?? "" })
        let before = table.withLock { table in
            defer { table = next }
            return table
        }
        let kept = Set(keys.map(\.jwk))
        let gone = (before?.all ?? []).filter { !kept.contains($0.jwk) }.map(\.id)
        return Array(Set(gone))
    }

    /// Whether a key of that id is there.
    func contains(id: String) -> Bool {
        table.withLock { $0?.all.contains { $0.id == id } ?? false }
    }

    /// The keys of that id, once for each algorithm.
    func keys(id: String) -> [VerificationKey] {
        table.withLock { $0?.all.filter { $0.id == id }.flatMap(\.verifiers) ?? [] }
    }

    /// The keys that may have signed a token with this header; never none.
    func candidates(_ keyID: String?, _ algorithm: SignatureAlgorithm) throws(TokenError) -> [VerificationKey] {
        guard let table = table.withLock({ $0 }) else { throw .keysUnavailable }
        let named = keyID.map { table.byKeyID[$0] ?? [] } ?? table.all
        guard !named.isEmpty else { throw .unknownKey }
        let fitting = named.compactMap { $0.verifiers.first { $0.algorithm == algorithm } }
        // A key says what it is used with; the header may only agree (RFC 8725 section 3.1).
        guard !fitting.isEmpty else { throw keyID == nil ? .unknownKey : .signatureInvalid }
        guard fitting.count <= Self.maximumCandidates else { throw .unknownKey }
        return fitting
    }
}
