import Testing
import Tokens

@Suite struct TokenClaimsTests {
    private static let minimal: [String: ClaimValue] = [
        "iss": .string("portcullis"), "sub": .string("alice"), "jti": .string("t1"), "iat": .integer(1000),
        "exp": .integer(2000),
    ]

    @Test func minimalClaims() throws {
        let claims = try TokenClaims(Self.minimal)
        #expect(claims == .example())
        #expect(claims.payload == Self.minimal)
    }

    @Test func allClaimsComeBack() throws {
        let claims = TokenClaims.example(
            audiences: ["a", "b"], scopes: ["x", "y"], notBefore: 1001,
            other: ["team": .string("red"), "level": .integer(3)])
        #expect(try TokenClaims(claims.payload) == claims)
        #expect(claims.payload["aud"] == .array([.string("a"), .string("b")]))
        #expect(claims.payload["scope"] == .string("x y"))
    }

    @Test("one audience is written as a string, and both forms are read")
    func audienceForms() throws {
        #expect(TokenClaims.example(audiences: ["a"]).payload["aud"] == .string("a"))
        var payload = Self.minimal
        payload["aud"] = .string("a")
        #expect(try TokenClaims(payload).audiences == ["a"])
        payload["aud"] = .array([.string("a")])
        #expect(try TokenClaims(payload).audiences == ["a"])
        payload["aud"] = .array([])
        #expect(try TokenClaims(payload).audiences == [])
    }

    @Test("a claim that has a property of its own cannot be set through the others")
    func otherDoesNotOverride() {
        let claims = TokenClaims.example(other: [
            "sub": .string("root"), "scope": .string("all"), "nbf": .integer(1), "aud": .string("x"),
        ])
        #expect(claims.payload == Self.minimal)
    }

    @Test("a claim that is needed and missing", arguments: ["iss", "sub", "jti", "iat", "exp"])
    func missing(name: String) {
        var payload = Self.minimal
        payload[name] = nil
        #expect(throws: TokenError.malformed) { try TokenClaims(payload) }
        payload[name] = .null
        #expect(throws: TokenError.malformed) { try TokenClaims(payload) }
    }

    @Test(
        "a claim of a wrong type",
        arguments: [
            ("iss", .integer(1)), ("sub", .string("")), ("sub", .array([])), ("jti", .boolean(true)),
            ("jti", .string("")),
            ("aud", .integer(1)), ("aud", .array([.string("a"), .integer(1)])), ("scope", .array([.string("a")])),
            ("iat", .string("1000")), ("exp", .string("2000")), ("exp", .boolean(true)), ("exp", .double(1e300)),
            ("exp", .double(.nan)),
            ("nbf", .string("x")), ("nbf", .null),
        ] as [(String, ClaimValue)])
    func wrongType(name: String, value: ClaimValue) {
        var payload = Self.minimal
        payload[name] = value
        #expect(throws: TokenError.malformed) { try TokenClaims(payload) }
    }

    @Test("fractions of a second go to the side that admits less")
    func fractions() throws {
        var payload = Self.minimal
        payload["exp"] = .double(1999.9)
        payload["nbf"] = .double(1000.1)
        payload["iat"] = .double(1000.9)
        let claims = try TokenClaims(payload)
        #expect(claims.expiresAt == 1999)
        #expect(claims.notBefore == 1001)
        #expect(claims.issuedAt == 1000)
    }

    @Test func scopesAreSplitAtSpaces() throws {
        var payload = Self.minimal
        payload["scope"] = .string(" a  b ")
        #expect(try TokenClaims(payload).scopes == ["a", "b"])
    }

    @Test func privateClaims() throws {
        let claims = try TokenClaims(
            Self.minimal.merging([
                "uses": .integer(3), "from_address": .array([.string("10.0.0.0/8"), .string("2001:db8::/32")]),
            ]) { $1 })
        #expect(claims.uses == 3)
        #expect(claims.fromAddresses == ["10.0.0.0/8", "2001:db8::/32"])
        #expect(try TokenClaims(claims.payload) == claims)
        #expect(try TokenClaims(Self.minimal).uses == nil)
        #expect(try TokenClaims(Self.minimal).fromAddresses.isEmpty)
    }

    @Test(
        "a bound that cannot be read is no token of ours, and means nothing in one of another issuer",
        arguments: [
            ("uses", .string("3")), ("uses", .integer(0)), ("uses", .integer(-1)), ("uses", .double(1.5)),
            ("uses", .null), ("uses", .boolean(true)), ("uses", .array([.integer(1)])),
            ("from_address", .string("10.0.0.0/8")), ("from_address", .array([])), ("from_address", .null),
            ("from_address", .array([.string("10.0.0.0/8"), .integer(1)])), ("from_address", .object([:])),
        ] as [(String, ClaimValue)])
    func privateClaimsOfAWrongType(name: String, value: ClaimValue) throws {
        var payload = Self.minimal
        payload[name] = value
        #expect(throws: TokenError.malformed) { try TokenClaims(payload) }
        payload["iss"] = .string("https://id.example.com/")
        let foreign = try TokenClaims(payload)
        #expect(foreign.uses == nil && foreign.fromAddresses.isEmpty)
        #expect(foreign.other[name] == value)
    }
}
