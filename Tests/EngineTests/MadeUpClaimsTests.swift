import Testing
import Tokens

@testable import Engine

@Suite struct MadeUpClaimsTests {
    private func payload(_ claims: MadeUpClaims, scopes: ClaimPointer? = nil) -> [String: ClaimValue] {
        claims.payload(iss: "portcullis", scopes: scopes, id: "r-1", now: 1000)
    }

    @Test("what nobody says otherwise")
    func defaults() {
        #expect(
            payload(MadeUpClaims()) == [
                "iss": .string("portcullis"), "sub": .string("rehearsal"), "jti": .string("r-1"),
                "iat": .integer(1000), "exp": .integer(4600),
            ])
    }

    @Test("every claim that can be said")
    func all() {
        let claims = MadeUpClaims(
            subject: "alice", audience: ["a", "b"], scopes: ["x", "y"], expiresIn: -5, notBefore: 7, issuedAt: 8,
            id: "i", uses: 2, other: ["plan": .string("pro"), "iss": .string("other"), "iat": .null])
        #expect(
            payload(claims) == [
                "iss": .string("other"), "sub": .string("alice"), "jti": .string("i"),
                "aud": .array([.string("a"), .string("b")]), "scope": .string("x y"), "nbf": .integer(7),
                "exp": .integer(995), "uses": .integer(2), "plan": .string("pro"),
            ])
    }

    @Test("scopes stand where the issuer has them")
    func scopes() {
        let claims = MadeUpClaims(scopes: ["x"], other: [:])
        let payload = payload(claims, scopes: ClaimPointer(["realm", "roles"]))
        #expect(payload["realm"] == .object(["roles": .string("x")]) && payload["scope"] == nil)
    }

    @Test("an end that no clock can tell is the last that one can")
    func saturation() {
        #expect(payload(MadeUpClaims(expiresIn: .max))["exp"] == .integer(.max))
    }
}
