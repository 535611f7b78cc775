import Middleware
import PolicyModel
import Testing
import Tokens

@testable import Engine

@Suite struct JWTRulesPolicyTests {
    @Test("a policy's settings, one by one")
    func rules() throws {
        let pointer = try #require(JSONPointer("/a~1b/0"))
        let settings = JWTSettings(
            issuer: "id", audiences: ["a", "b"], algorithms: JWTSettings.Algorithm.allCases, keys: .file("f"),
            clockSkew: .seconds(7), scopeClaim: pointer,
            requiredClaims: [
                .init(pointer: pointer, test: .equals(.integer(1))),
                .init(pointer: pointer, test: .contains(.boolean(true))),
            ])
        let rules = JWTRules(settings)
        let path = ClaimPointer(["a/b", "0"])
        #expect(rules.issuer == "id" && rules.audiences == ["a", "b"] && rules.clockSkew == 7)
        #expect(rules.algorithms == Set(SignatureAlgorithm.allCases))
        #expect(rules.scopes == path)
        #expect(
            rules.requiredClaims == [
                Tokens.RequiredClaim(path, .equals(.integer(1))), Tokens.RequiredClaim(path, .contains(.boolean(true))),
            ])
    }

    @Test("algorithms are spelt the same in both", arguments: JWTSettings.Algorithm.allCases)
    func algorithms(algorithm: JWTSettings.Algorithm) {
        #expect(SignatureAlgorithm(algorithm).rawValue == algorithm.rawValue)
    }

    @Test(
        arguments: [
            (.string("a"), .string("a")), (.integer(1), .integer(1)), (.double(0.5), .double(0.5)),
            (.boolean(true), .boolean(true)), (.null, .null),
        ] as [(JSONScalar, ClaimValue)])
    func values(scalar: JSONScalar, value: ClaimValue) {
        #expect(ClaimValue(scalar) == value)
    }
}
