import Testing
import Tokens

@Suite struct VerifiedTokenTests {
    @Test(
        arguments: [
            ("sub", "alice"), ("jti", "t1"), ("iss", "portcullis"), ("iat", "1000"), ("exp", "2000"), ("nbf", nil),
            ("aud", "chat"),
            ("scope", "a b"), ("team", "red"), ("level", "3"), ("admin", "false"), ("list", nil), ("absent", nil),
        ] as [(String, String?)])
    func claim(name: String, text: String?) throws {
        let key = FakeKey()
        let authority = TokenAuthority()
        authority.replaceKeys([key.verificationKey])
        let claims = TokenClaims.example(
            audiences: ["chat"], scopes: ["a", "b"],
            other: ["team": .string("red"), "level": .integer(3), "admin": .boolean(false), "list": .array([])])
        let token = try authority.verify(
            try JWS.encode(claims, signer: key), issuers: ["local"], audience: nil, scopes: [], now: 1500)
        #expect(token.claim(name) == text)
    }
}
