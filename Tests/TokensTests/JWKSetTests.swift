import Testing
import Tokens

@Suite struct JWKSetTests {
    private static let good = #"{"kty":"OKP","crv":"Ed25519","x":"\#(JWKTests.x)","kid":"a"}"#

    private func set(_ json: String) throws(JWKSet.Failure) -> JWKSet { try JWKSet(Array(json.utf8)) }

    @Test("a key that is of no use is skipped and counted, and other members mean nothing")
    func skips() throws {
        let set = try set(#"{"keys":[{"kty":"new"},\#(Self.good),7,{"kty":"RSA"}],"issuer":"x"}"#)
        #expect(set.keys.map(\.keyID) == ["a"])
        #expect(set.skipped == 3)
    }

    @Test(
        arguments: [
            ("", .malformed), ("[]", .malformed), ("{}", .malformed), (#"{"keys":{}}"#, .malformed),
            (#"{"keys":[\#(good)]} x"#, .malformed), (#"{"keys":[\#(good)],"keys":[]}"#, .malformed),
            (#"{"keys":[]}"#, .noKeys), (#"{"keys":[{}]}"#, .noKeys),
        ] as [(String, JWKSet.Failure)])
    func refused(json: String, failure: JWKSet.Failure) {
        #expect(throws: failure) { try set(json) }
    }

    @Test("as many keys, and as many bytes, as there may be, and one more")
    func bounds() throws {
        func many(_ count: Int) -> String {
            #"{"keys":["# + Array(repeating: Self.good, count: count).joined(separator: ",") + "]}"
        }
        #expect(try set(many(100)).keys.count == 100)
        #expect(throws: JWKSet.Failure.tooManyKeys) { try set(many(101)) }
        let padding = String(repeating: " ", count: JWKSet.maximumBytes - many(1).utf8.count)
        #expect(try set(many(1) + padding).keys.count == 1)
        #expect(throws: JWKSet.Failure.tooLarge) { try set(many(1) + padding + " ") }
    }
}
