/// Where tokens may come from.
package struct TokenIssuerPolicy: Sendable {
    package enum Kind: Sendable, Hashable {
        /// Made by `portcullis token issue`; keys and revocations live in the state folder.
        case builtin
        /// Made by somebody else, and checked with keys that they publish.
        case jwt(JWTSettings)
    }

    package var name: String
    package var kind: Kind
    package var position: SourcePosition

    package init(name: String, kind: Kind, position: SourcePosition) {
        self.name = name
        self.kind = kind
        self.position = position
    }
}

/// `jwt`: JSON Web Tokens (RFC 7519) of another issuer.
package struct JWTSettings: Sendable, Hashable {
    /// Spelt as in JWS `alg`.
    package enum Algorithm: String, Sendable, CaseIterable {
        case es256 = "ES256"
        case es384 = "ES384"
        case edDSA = "EdDSA"
        case rs256 = "RS256"
        case rs384 = "RS384"
        case rs512 = "RS512"
        case ps256 = "PS256"
        case ps384 = "PS384"
        case ps512 = "PS512"
        case hs256 = "HS256"
        case hs384 = "HS384"
        case hs512 = "HS512"

        /// By a secret that issuer and gateway share.
        package var isSymmetric: Bool { self == .hs256 || self == .hs384 || self == .hs512 }
    }

    /// Where a JSON Web Key Set (RFC 7517) is.
    package enum KeySource: Sendable, Hashable {
        /// A file, read again whenever it changes.
        case file(String)
        case url(KeyService)
    }

    /// Keys that are fetched.
    package struct KeyService: Sendable, Hashable {
        /// `https://`, or `http://` to this machine alone.
        package var url: String
        /// Between two fetches, where the answer does not say for how long it is good.
        package var refresh: Duration
        /// Of one fetch.
        package var timeout: Duration
        /// PEM file of those who may sign the service's certificate; nil: those that the system trusts.
        package var authority: String?

        package init(
            url: String, refresh: Duration = .seconds(300), timeout: Duration = .seconds(5), authority: String? = nil
        ) {
            self.url = url
            self.refresh = refresh
            self.timeout = timeout
            self.authority = authority
        }
    }

    /// A claim that every token must have.
    package struct RequiredClaim: Sendable, Hashable {
        package enum Test: Sendable, Hashable {
            case equals(JSONScalar)
            /// An array that holds it.
            case contains(JSONScalar)
        }

        package var pointer: JSONPointer
        package var test: Test

        package init(pointer: JSONPointer, test: Test) {
            self.pointer = pointer
            self.test = test
        }
    }

    /// Compared with `iss`, exactly.
    package var issuer: String
    /// At least one of them must be in `aud`; never empty.
    package var audiences: [String]
    /// Never empty, and either all of them symmetric or none.
    package var algorithms: [Algorithm]
    package var keys: KeySource
    package var clockSkew: Duration
    /// Where the scopes stand; nil is `scope`, and without that `scp`.
    package var scopeClaim: JSONPointer?
    package var requiredClaims: [RequiredClaim]

    package init(
        issuer: String, audiences: [String], algorithms: [Algorithm], keys: KeySource,
        clockSkew: Duration = .seconds(30), scopeClaim: JSONPointer? = nil, requiredClaims: [RequiredClaim] = []
    ) {
        self.issuer = issuer
        self.audiences = audiences
        self.algorithms = algorithms
        self.keys = keys
        self.clockSkew = clockSkew
        self.scopeClaim = scopeClaim
        self.requiredClaims = requiredClaims
    }
}
