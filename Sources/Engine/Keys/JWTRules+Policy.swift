internal import Middleware
internal import PolicyModel
internal import Tokens

extension JWTRules {
    /// A policy's `jwt`, as tokens are judged by it.
    init(_ settings: JWTSettings) {
        self.init(
            issuer: settings.issuer, audiences: settings.audiences,
            algorithms: Set(settings.algorithms.map(SignatureAlgorithm.init)),
            clockSkew: settings.clockSkew.components.seconds,
            scopes: settings.scopeClaim.map { ClaimPointer($0.tokens) },
            requiredClaims: settings.requiredClaims.map { claim in
                let test: Tokens.RequiredClaim.Test =
                    switch claim.test {
                    case .equals(let value): .equals(ClaimValue(value))
                    case .contains(let value): .contains(ClaimValue(value))
                    }
                return RequiredClaim(ClaimPointer(claim.pointer.tokens), test)
            })
    }
}

extension SignatureAlgorithm {
    /// One to one.
    init(_ algorithm: JWTSettings.Algorithm) {
        switch algorithm {
        case .es256: self = .es256
        case .es384: self = .es384
        case .edDSA: self = .edDSA
        case .rs256: self = .rs256
        case .rs384: self = .rs384
        case .rs512: self = .rs512
        case .ps256: self = .ps256
        case .ps384: self = .ps384
        case .ps512: self = .ps512
        case .hs256: self = .hs256
        case .hs384: self = .hs384
        case .hs512: self = .hs512
        }
    }
}
