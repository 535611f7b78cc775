import Tokens

/// A token whose signature, issuer, times, audience and scopes have been checked.
public struct Token: Sendable, Hashable {
    private let claims: TokenClaims
    /// The name of its issuer in the policy.
    public let issuer: String

    init(_ claims: TokenClaims, issuer: String) {
        self.claims = claims
        self.issuer = issuer
    }

    /// One for tests of a middleware; nobody has signed it.
    public init(
        subject: String, id: String = "test", issuer: String = "test", audiences: [String] = [], scopes: [String] = [],
        claims: [String: JSONValue] = [:]
    ) {
        self.init(
            TokenClaims(
                subject: subject, id: id, audiences: audiences, scopes: scopes, issuedAt: 0, expiresAt: .max,
                other: claims.mapValues(ClaimValue.init)), issuer: issuer)
    }

    /// `sub`.
    public var subject: String { claims.subject }
    /// `jti`; empty where another issuer's token has none.
    public var id: String { claims.id }
    /// `aud`.
    public var audiences: [String] { claims.audiences }
    /// `scope`, word by word.
    public var scopes: [String] { claims.scopes }
    /// `exp`, in Unix seconds.
    public var expiresAt: Int64 { claims.expiresAt }

    /// A claim of any name; nil where the token has none.
    public func claim(_ name: String) -> JSONValue? { claims.payload[name].map(JSONValue.init) }
}

/// A value of JSON.
public enum JSONValue: Sendable, Hashable {
    case string(String)
    /// Whole, and in 64 bits.
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    case null
    case array([JSONValue])
    case object([String: JSONValue])
}

extension JSONValue {
    init(_ value: ClaimValue) {
        self =
            switch value {
            case .string(let value): .string(value)
            case .integer(let value): .integer(value)
            case .double(let value): .double(value)
            case .boolean(let value): .boolean(value)
            case .null: .null
            case .array(let values): .array(values.map(JSONValue.init))
            case .object(let members): .object(members.mapValues(JSONValue.init))
            }
    }
}

extension ClaimValue {
    init(_ value: JSONValue) {
        self =
            switch value {
            case .string(let value): .string(value)
            case .integer(let value): .integer(value)
            case .double(let value): .double(value)
            case .boolean(let value): .boolean(value)
            case .null: .null
            case .array(let values): .array(values.map(ClaimValue.init))
            case .object(let members): .object(members.mapValues(ClaimValue.init))
            }
    }
}
