import PolicyModel
import Tokens
import WebSocketProtocol

/// `identity_assertion`: the server behind gets a JWT of the gateway's own, which it can verify with the exported keys.
///
/// It is signed with the keys of tokens, and is none: its `typ` and its `iss` are others (RFC 8725 sections 3.11 and 3.12).
struct IdentityAssertion: HandshakeMiddleware {
    /// `typ` and `iss` of an assertion.
    static let type = "portcullis-assertion+jwt"
    static let issuer = "portcullis-assertion"

    private let settings: IdentityAssertionSettings
    private let signer: CurrentSigner

    init(_ settings: IdentityAssertionSettings, in environment: MiddlewareEnvironment) {
        self.settings = settings
        signer = environment.signer
    }

    var upstreamHeaders: [String] { [settings.header] }

    func evaluate(_ context: inout HandshakeContext) -> Verdict {
        guard let subject = context.identity?.subject ?? context.authorizedSubject else {
            context.note("nobody has said who it is: nothing is set")
            return .pass
        }
        let now = context.time.unixSeconds
        var payload: [String: ClaimValue] = [
            "iss": .string(Self.issuer), "sub": .string(subject), "aud": .string(settings.audience),
            "iat": .integer(now), "exp": .integer(now + max(1, settings.lifetime.components.seconds)),
            "jti": .string(context.requestID),
        ]
        if let token = context.identity {
            payload["token_issuer"] = .string(token.claims.issuer)
            if !token.id.isEmpty { payload["token_id"] = .string(token.id) }
            if !token.scopes.isEmpty { payload["scope"] = .string(token.scopes.joined(separator: " ")) }
        }
        // Fail closed: a server that waits for an assertion must not find none.
        guard let signer = signer.signer, let assertion = try? JWS.encode(payload, type: Self.type, signer: signer)
        else {
            context.note("there is no key to sign with")
            return .refuse(Refusal(.tokenStoreUnavailable))
        }
        context.note("toward the upstream: \(settings.header) set, which says \(subject) to \(settings.audience)")
        context.upstreamHeaders.removeEquivalent(settings.header)
        context.upstreamHeaders.add(settings.header, assertion)
        return .pass
    }
}
