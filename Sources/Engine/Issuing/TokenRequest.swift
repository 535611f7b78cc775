internal import Crypto
internal import PolicyModel
package import TokenStore
package import Tokens

/// What a token is asked for, checked: the same for the command line and for the operators' door.
package struct TokenRequest: Sendable {
    /// What can be said of a token.
    package enum Field: Sendable, Hashable, CaseIterable {
        case subject, audiences, scopes, ttl, notBefore, claims, uses, networks
    }

    /// As it was said.
    package struct Wishes: Sendable {
        package var subject: String
        package var audiences: [String]
        package var scopes: [String]
        /// As ``Lifetime`` reads it.
        package var ttl: String
        /// A duration from now, or RFC 3339.
        package var notBefore: String?
        package var claims: [String: ClaimValue]
        /// How many connections it is good for in all.
        package var uses: Int64?
        /// Address blocks that it is good from.
        package var networks: [String]

        package init(
            subject: String, audiences: [String] = [], scopes: [String] = [], ttl: String = "24h",
            notBefore: String? = nil, claims: [String: ClaimValue] = [:], uses: Int64? = nil, networks: [String] = []
        ) {
            self.subject = subject
            self.audiences = audiences
            self.scopes = scopes
            self.ttl = ttl
            self.notBefore = notBefore
            self.claims = claims
            self.uses = uses
            self.networks = networks
        }
    }

    /// What is wrong with a wish.
    package struct Problem: Error, Sendable {
        let field: Field
        let rest: @Sendable ((Field) -> String) -> String

        init(_ field: Field, _ rest: String) {
            self.init(field) { _ in rest }
        }

        init(_ field: Field, _ rest: @escaping @Sendable ((Field) -> String) -> String) {
            self.field = field
            self.rest = rest
        }

        /// A sentence, in which `name` names the fields.
        package func message(_ name: (Field) -> String) -> String { "\(name(field)) \(rest(name))" }
    }

    /// Networks that one token can be bound to.
    private static let maximumNetworks = 64

    /// Claims that have a field of their own, or that the gateway itself writes.
    private static let fieldOfClaim: [String: Field] = [
        "sub": .subject, "aud": .audiences, "scope": .scopes, "nbf": .notBefore, "exp": .ttl, "uses": .uses,
        "from_address": .networks,
    ]
    private static let ownClaims = ["iss", "iat", "jti"]

    private let subject: String
    private let audiences: [String]
    private let scopes: [String]
    private let notBefore: Int64
    private let expiresAt: Int64
    private let other: [String: ClaimValue]

    /// `now` is in Unix seconds.
    package init(_ wishes: Wishes, now: Int64) throws(Problem) {
        subject = try Self.name(wishes.subject, .subject)
        audiences = try wishes.audiences.map { audience throws(Problem) in try Self.name(audience, .audiences) }
        scopes = try wishes.scopes.map(Self.scope)
        notBefore = if let start = wishes.notBefore { try Self.start(start, now: now) } else { now }
        guard let lifetime = Lifetime(wishes.ttl) else {
            throw Problem(
                .ttl, "must be a whole number and s, m, h or d, up to 3650d, such as 24h: '\(wishes.ttl)'.")
        }
        // A start that has passed makes no token shorter.
        expiresAt = max(now, notBefore) + lifetime.seconds
        guard expiresAt <= now + Lifetime.maximumSeconds else {
            throw Problem(.notBefore) { "and \($0(.ttl)) must end within 3650d from now." }
        }
        var other = try Self.claims(wishes.claims)
        if let uses = wishes.uses {
            guard uses > 0 else { throw Problem(.uses, "must be at least 1.") }
            other["uses"] = .integer(uses)
        }
        if !wishes.networks.isEmpty { other["from_address"] = .array(try Self.networks(wishes.networks)) }
        self.other = other
    }

    /// Makes the token, and puts its id and claims on record, never the token itself. The key is made at first use. Throws
    /// `TokenError.malformed` where it would be longer than ``JWS/maximumBytes``, and what the store throws.
    package func issue(from store: TokenStore, now: Int64) throws -> (token: String, claims: TokenClaims) {
        try store.issue(
            subject: subject, now: now, orMakeKey: StoredKey.generateBuiltin,
            sign: { key, issuedAt in
                let claims = claims(id: SecureRandom.tokenID(), issuedAt: issuedAt)
                return ((try JWS.encode(claims, signer: Ed25519PrivateKey(key)), claims), claims)
            })
    }

    private func claims(id: String, issuedAt: Int64) -> TokenClaims {
        TokenClaims(
            subject: subject, id: id, audiences: audiences, scopes: scopes, issuedAt: issuedAt, notBefore: notBefore,
            expiresAt: expiresAt, other: other)
    }

    // MARK: - Checks

    private static func name(_ text: String, _ field: Field) throws(Problem) -> String {
        guard isName(text) else {
            throw Problem(
                field, "must be 1 to 256 bytes without control characters, and without white space at its ends.")
        }
        return text
    }

    /// Whether a text can name a subject, an audience or a claim: white space at its ends would be lost on the way
    /// through a header.
    package static func isName(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            && [text.unicodeScalars.first, text.unicodeScalars.last].allSatisfy { $0?.properties.isWhitespace == false }
    }

    /// RFC 6749 section 3.3.
    private static func scope(_ text: String) throws(Problem) -> String {
        guard (1...256).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        else {
            throw Problem(.scopes, "must be visible ASCII without spaces, quotes and backslashes: '\(text)'.")
        }
        return text
    }

    private static func start(_ text: String, now: Int64) throws(Problem) -> Int64 {
        if let duration = Lifetime(text) { return now + duration.seconds }
        if let time = Timestamp.unixSeconds(rfc3339: text) { return time }
        throw Problem(
            .notBefore,
            "must be a duration from now, such as 5m, or a time such as 2030-01-31T08:00:00Z: '\(text)'.")
    }

    private static func claims(_ claims: [String: ClaimValue]) throws(Problem) -> [String: ClaimValue] {
        for name in claims.keys.sorted() {
            guard isName(name) else { throw Problem(.claims, "must have a name of 1 to 256 bytes: '\(name)'.") }
            if let field = fieldOfClaim[name] {
                throw Problem(.claims) { "cannot set '\(name)': \($0(field)) does." }
            }
            guard !ownClaims.contains(name) else {
                throw Problem(.claims, "cannot set '\(name)': the gateway writes it itself.")
            }
        }
        return claims
    }

    private static func networks(_ texts: [String]) throws(Problem) -> [ClaimValue] {
        guard texts.count <= maximumNetworks else {
            throw Problem(.networks, "can be given \(maximumNetworks) times at most.")
        }
        return try texts.map { text throws(Problem) in
            do throws(CIDR.ParseError) {
                let network = try CIDR(text)
                return .string("\(network.address)/\(network.prefix)")
            } catch {
                let what =
                    switch error {
                    case .notAnAddress, .prefixOutOfRange: "must be an address block, such as 192.0.2.0/24"
                    case .hostBitsSet(let meant): "has bits set behind its prefix (\(meant) is the block)"
                    }
                throw Problem(.networks, "\(what): '\(text)'.")
            }
        }
    }
}
