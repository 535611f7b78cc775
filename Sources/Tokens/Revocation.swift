/// That a token, or many at once, is no longer admitted. Whose issuer's it is does not count.
package enum Revocation: Sendable, Hashable {
    /// The token with this `jti`. `expiresAt` is its `exp`: the revocation can be forgotten from then on.
    case id(String, expiresAt: Int64)
    /// All tokens of this `sub` with `iat` up to and including `issuedUntil`.
    case subject(String, issuedUntil: Int64)
    /// All tokens that the key with this `kid` has signed or ever will sign.
    case key(String)
    /// All tokens with `iat` up to and including `issuedUntil`.
    case all(issuedUntil: Int64)

    /// Whether a token with these claims, signed by the key `keyID`, is one of those that are meant.
    package func covers(_ claims: TokenClaims, keyID: String?) -> Bool {
        switch self {
        case .id(let id, expiresAt: _): claims.id == id
        case .subject(let subject, let issuedUntil): claims.subject == subject && claims.issuedAt <= issuedUntil
        case .key(let key): keyID == key
        case .all(let issuedUntil): claims.issuedAt <= issuedUntil
        }
    }
}

/// All revocations that still matter. A lookup takes the same time however many there are.
package struct RevocationSet: Sendable {
    /// `jti` to `exp`, for those that the builtin issuer makes: as numbers they lie in the table itself.
    private var numbers: [UInt128: Int64] = [:]
    /// `jti` to `exp`, for any others.
    private var ids: [String: Int64] = [:]
    /// `sub` to the last `iat` that is revoked: one entry a subject, however often it is revoked.
    private var subjects: [String: Int64] = [:]
    /// `kid` of keys whose tokens are all revoked; they are few.
    private var keys: Set<String> = []
    /// The last `iat` that is revoked, whosever it is.
    private var issuedUntil: Int64?

    package init() {}

    package init(_ revocations: some Sequence<Revocation>) {
        for revocation in revocations { insert(revocation) }
    }

    package var count: Int {
        numbers.count + ids.count + subjects.count + keys.count + (issuedUntil == nil ? 0 : 1)
    }

    /// Adds a revocation. What was revoked before stays so: times only ever move up.
    package mutating func insert(_ revocation: Revocation) {
        switch revocation {
        case .id(let id, let expiresAt):
            if let number = Self.number(id) {
                numbers[number] = max(expiresAt, numbers[number] ?? .min)
            } else {
                ids[id] = max(expiresAt, ids[id] ?? .min)
            }
        case .subject(let subject, let issuedUntil):
            subjects[subject] = max(issuedUntil, subjects[subject] ?? .min)
        case .key(let key):
            keys.insert(key)
        case .all(let issuedUntil):
            self.issuedUntil = max(issuedUntil, self.issuedUntil ?? .min)
        }
    }

    /// Whether a token with these claims, signed by the key `keyID`, is revoked.
    package func isRevoked(_ claims: TokenClaims, keyID: String?) -> Bool {
        isRevoked(id: claims.id, subject: claims.subject, issuedAt: claims.issuedAt, keyID: keyID)
    }

    /// By `jti`, `sub`, `iat` and `kid`.
    package func isRevoked(id: String, subject: String, issuedAt: Int64, keyID: String?) -> Bool {
        if isRevoked(id) { return true }
        if let issuedUntil, issuedAt <= issuedUntil { return true }
        if let keyID, !keys.isEmpty, keys.contains(keyID) { return true }
        guard let issuedUntil = subjects[subject] else { return false }
        return issuedAt <= issuedUntil
    }

    private func isRevoked(_ id: String) -> Bool {
        // The index tells it without a look at the value, which lies elsewhere.
        if let number = Self.number(id) { return numbers.index(forKey: number) != nil }
        return ids.index(forKey: id) != nil
    }

    /// What a hexadecimal digit in lower case stands for, by its character; 16 for every other one.
    private static let digits: InlineArray<256, UInt8> = {
        var digits = InlineArray<256, UInt8>(repeating: 16)
        for (value, character) in "0123456789abcdef".utf8.enumerated() { digits[Int(character)] = UInt8(value) }
        return digits
    }()

    /// What an id of 32 lower-case hexadecimal digits says. nil for every other one: no two ids are the same number.
    private static func number(_ id: String) -> UInt128? {
        guard id.utf8.count == 32 else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for byte in id.utf8 {
            let digit = digits[Int(byte)]
            guard digit < 16 else { return nil }
            high = high << 4 | low >> 60
            low = low << 4 | UInt64(digit)
        }
        return UInt128(high) << 64 | UInt128(low)
    }
}
