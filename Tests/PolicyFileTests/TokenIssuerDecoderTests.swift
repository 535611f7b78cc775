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
            == issuer of another kind
            token_issuers:
              corporate: { jwt: { issuer: "https://id.example.com/" } }
            ----
            2:16: error: `jwt` in a token issuer is not supported by this version
            == issuers that are wrong
            token_issuers:
              a: builtin
              b: {}
              c: { builtin: }
              d: { builtin: { key: 1 } }
              e: { bultin: {} }
            ----
            2:6: error: a token issuer must be a mapping with `builtin`, not `builtin`
            3:6: error: a token issuer needs `builtin`
            4:17: error: `builtin` must be a mapping (`{}`), not an empty value
            5:19: error: unknown key `key` in `builtin`; it has no keys
            6:8: error: unknown key `bultin` in a token issuer; did you mean `builtin`?
            """#))
    func issuers(_ policy: PolicyCase) { policy.check() }
}
