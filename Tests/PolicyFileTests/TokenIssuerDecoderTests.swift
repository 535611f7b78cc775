import PolicyModel
import Testing

@testable import PolicyFile

struct TokenIssuerDecoderTests {
    @Test(
        "token issuers",
        arguments: PolicyCase.table(
            .file,
            #"""
            == issuers
            token_issuers: { local: { builtin: {} } }
            ----
            listener public
            upstream echo
            issuer local
            route echo
            == issuers that are wrong
            token_issuers:
              a: builtin
              b: {}
              c: { builtin: }
              d: { builtin: { key: 1 } }
              e: { bultin: {} }
              f: { builtin: {}, jwt: {} }
            ----
            2:6: error: a token issuer must be a mapping with one of `builtin` or `jwt`, not `builtin`
            3:6: error: a token issuer needs one of `builtin` or `jwt`
            4:17: error: `builtin` must be a mapping (`{}`), not an empty value
            5:19: error: unknown key `key` in `builtin`; it has no keys
            6:8: error: unknown key `bultin` in a token issuer; did you mean `builtin`?
            7:21: error: a token issuer has one key, and `jwt` is a second one beside `builtin`; move it to one of its own
            """#))
    func issuers(_ policy: PolicyCase) { policy.check() }

    @Test(
        "issuers of the kind jwt",
        arguments: PolicyCase.table(
            .jwt,
            #"""
            == the least
            issuer: https://id.example.com/
            audiences: [chat]
            algorithms: [ES256]
            keys: { file: jwks.json }
            ----
            https://id.example.com/ ["chat"] ES256 file jwks.json skew 30.0 seconds scopes - claims -
            == all of it
            issuer: id
            audiences: [chat, feed]
            algorithms: [EdDSA, ES384, PS512]
            keys: { url: "HTTPS://id.example.com:8443/keys?a=b", refresh: 10m, timeout: 2s, ca: certs/id.pem }
            clock_skew: 5m
            scope_claim: /realm_access/roles
            required_claims:
              - { pointer: /roles/0, equals: admin }
              - { pointer: /level, equals: 3 }
              - { pointer: /groups, contains: "yes" }
            ----
            id ["chat", "feed"] EdDSA ES384 PS512 url https://id.example.com:8443/keys?a=b 600.0 seconds 2.0 seconds certs/id.pem skew 300.0 seconds scopes /realm_access/roles claims /roles/0 = string("admin") /level = integer(3) /groups has string("yes")
            == keys on this machine
            issuer: id
            audiences: [chat]
            algorithms: [RS256]
            keys: { url: "http://[::1]:8080/keys" }
            ----
            id ["chat"] RS256 url http://[::1]:8080/keys 300.0 seconds 5.0 seconds - skew 30.0 seconds scopes - claims -
            == nothing of what it needs
            {}
            ----
            1:1: error: `jwt` needs `algorithms`, such as `algorithms: [ES256]`
            1:1: error: `jwt` needs `audiences`, such as `audiences: [chat]`
            1:1: error: `jwt` needs `issuer`, such as `issuer: https://id.example.com/`
            1:1: error: `jwt` needs `keys`, such as `keys: { file: jwks.json }`
            == lists that are empty, and values that are wrong
            issuer: ""
            audiences: []
            algorithms: []
            keys: {}
            clock_skew: 301s
            scope_claim: roles
            required_claims: [{ pointer: /a }, { equals: 1 }, { pointer: /a, equals: 1, contains: 2 }, { pointer: a, equals: 1 }]
            ----
            1:9: error: `issuer` must not be empty
            2:12: error: `audiences` is empty; name one at least, or a token that is meant for anybody would open the door
            3:13: error: `algorithms` is empty; name those that the issuer signs with
            4:7: error: `keys` needs `file` or `url`, such as `file: jwks.json`
            5:13: error: `clock_skew` must be at most 5m: a clock that is further off should be set right
            6:14: error: `roles` is no JSON pointer (RFC 6901): it begins with `/`, and `~` stands only in `~0` and `~1`
            7:19: error: an entry of `required_claims` needs either `equals` or `contains`
            7:36: error: an entry of `required_claims` needs `pointer`, such as `pointer: /roles`
            7:51: error: an entry of `required_claims` needs either `equals` or `contains`
            7:103: error: `a` is no JSON pointer (RFC 6901): it begins with `/`, and `~` stands only in `~0` and `~1`
            == H35 algorithms that would let a forger in
            issuer: id
            audiences: [chat]
            algorithms: [none, ES256, HS256, es256]
            keys: { file: jwks.json }
            ----
            3:13: error: HS256, HS384 and HS512 cannot stand beside others: a public key could be taken for their secret
            3:14: error: tokens without a signature are never admitted
            3:34: error: `algorithms` must be `ES256`, `ES384`, `EdDSA`, `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `HS256`, `HS384` or `HS512`, not `es256`; did you mean `ES256`?
            == the builtin issuer's name
            issuer: portcullis
            audiences: [chat]
            algorithms: [HS256]
            keys: { url: "https://id.example.com/" }
            ----
            1:9: error: `portcullis` is what the builtin issuer calls itself
            4:1: error: keys of HS256, HS384 and HS512 are secrets, which belong in a `file`
            == keys from a file and from a service
            issuer: id
            audiences: [chat]
            algorithms: [ES256]
            keys: { file: a, url: "https://id.example.com/" }
            ----
            4:23: error: `keys` has either `file` or `url`
            == what is for a service beside a file
            issuer: id
            audiences: [chat]
            algorithms: [ES256]
            keys: { file: a, refresh: 1m, timeout: 61s, ca: b }
            ----
            4:18: error: `refresh` is for keys from a `url`; a file is read whenever it changes
            4:31: error: `timeout` is for keys from a `url`; a file is read whenever it changes
            4:40: error: `timeout` must be from 100ms to 60s
            4:45: error: `ca` is for keys from a `url`; a file is read whenever it changes
            """#))
    func jwt(_ policy: PolicyCase) { policy.check() }

    @Test(
        "URLs of keys that are wrong",
        arguments: [
            ("http://id.example.com/", "keys come over https://; http:// is for an address of this machine alone"),
            ("http://127.evil.example/", "keys come over https://; http:// is for an address of this machine alone"),
            ("ftp://id/", "`url` is https://HOST[:PORT]/PATH, or http://, not `ftp://id/`"),
            (
                "id.example.com",
                "`url` is https://HOST[:PORT]/PATH, or http://, not `id.example.com`; write `https://id.example.com`"
            ),
            ("https://a:b@id/", "`url` has no user name and no password"),
            ("https://id:0/", "`https://id:0/` needs a port from 1 to 65535"),
            (
                "https://id:x/",
                "`https://id:x/` needs a port from 1 to 65535 behind its last colon; IPv6 goes in brackets"
            ),
            ("https:///keys", "the host is missing"),
            ("https://id/#a", "`url` has no spaces, controls, backslashes and no fragment: `https://id/#a`"),
            ("https://id\\@evil/", "`url` has no spaces, controls, backslashes and no fragment: `https://id\\@evil/`"),
        ])
    func urls(url: String, message: String) {
        let text = PolicyCase.table(
            .jwt,
            """
            == one
            issuer: id
            audiences: [chat]
            algorithms: [ES256]
            keys: { url: '\(url)' }
            ----
            4:14: error: \(message)
            """)
        for policy in text { policy.check() }
        #expect(text.count == 1)
    }

    @Test("two issuers cannot have one `issuer`")
    func twice() {
        let jwt = "{ jwt: { issuer: id, audiences: [a], algorithms: [ES256], keys: { file: k } } }"
        let text = PolicyCase.table(
            .file,
            """
            == one
            token_issuers:
              a: \(jwt)
              b: \(jwt)
            ----
            3:23: error: the issuer `id` stands in two token issuers, first at p:2:23
            """)
        for policy in text { policy.check() }
        #expect(text.count == 1)
    }
}

extension PolicyCase.Frame {
    /// The settings of a `jwt` issuer.
    fileprivate static let jwt = Self(
        before: ["token_issuers:", "  corporate:", "    jwt:"], indentation: 6
    ) { $0.tokenIssuers.compactMap { if case .jwt(let settings) = $0.kind { describe(settings) } else { nil } } }

    private static func describe(_ settings: JWTSettings) -> String {
        let keys =
            switch settings.keys {
            case .file(let path): "file \(path)"
            case .url(let service):
                "url \(service.url) \(service.refresh) \(service.timeout) \(service.authority ?? "-")"
            }
        let claims = settings.requiredClaims.map { claim in
            switch claim.test {
            case .equals(let value): "\(claim.pointer) = \(value)"
            case .contains(let value): "\(claim.pointer) has \(value)"
            }
        }
        return "\(settings.issuer) \(settings.audiences) "
            + settings.algorithms.map(\.rawValue).joined(separator: " ")
            + " \(keys) skew \(settings.clockSkew) scopes \(settings.scopeClaim?.description ?? "-") claims "
            + (claims.isEmpty ? "-" : claims.joined(separator: " "))
    }
}
