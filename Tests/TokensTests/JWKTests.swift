import Testing
import Tokens

@Suite struct JWKTests {
    static let x = Base64URL.encode([UInt8](repeating: 7, count: 32))
    static let long = Base64URL.encode([UInt8](repeating: 7, count: 48))
    static let n = Base64URL.encode([UInt8](repeating: 0xff, count: 256))
    static func secret(_ count: Int) -> String { Base64URL.encode([UInt8](repeating: 7, count: count)) }

    private func jwk(_ json: String) throws -> JWK? { JWK(try #require(JSON.decode(Array(json.utf8)))) }

    @Test(
        "kinds, and what each may be used with",
        arguments: [
            (#""kty":"RSA","n":"\#(n)","e":"AQAB""#, [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]),
            (#""kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(x)""#, [.es256]),
            (#""kty":"EC","crv":"P-384","x":"\#(long)","y":"\#(long)""#, [.es384]),
            (#""kty":"OKP","crv":"Ed25519","x":"\#(x)""#, [.edDSA]),
            (#""kty":"oct","k":"\#(secret(32))""#, [.hs256]),
            (#""kty":"oct","k":"\#(secret(48))""#, [.hs256, .hs384]),
            (#""kty":"oct","k":"\#(secret(64))""#, [.hs256, .hs384, .hs512]),
            (#""kty":"RSA","n":"\#(n)","e":"AQAB","alg":"PS384""#, [.ps384]),
            (
                #""kty":"RSA","n":"\#(n)","e":"AQAB","use":"sig","key_ops":["verify"],"d":"AA","x5u":"http://a""#,
                [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
            ),
        ] as [(String, [SignatureAlgorithm])])
    func kinds(members: String, algorithms: [SignatureAlgorithm]) throws {
        let key = try #require(try jwk("{\(members),\"kid\":\"a\"}"))
        #expect(key.algorithms == algorithms)
        #expect(key.keyID == "a")
        #expect(try jwk("{\(members)}")?.keyID == nil)
    }

    @Test(
        "of no use",
        arguments: [
            #"{}"#, #"[]"#, #""RSA""#, #"{"kty":1}"#, #"{"kty":"AES"}"#,
            #"{"kty":"EC","crv":"P-521","x":"\#(x)","y":"\#(x)"}"#,
            #"{"kty":"EC","crv":"P-256","x":"\#(long)","y":"\#(x)"}"#,
            #"{"kty":"EC","crv":"P-256","x":"\#(x)"}"#,
            #"{"kty":"OKP","crv":"X25519","x":"\#(x)"}"#,
            #"{"kty":"OKP","crv":"Ed25519","x":"\#(long)"}"#,
            #"{"kty":"OKP","crv":"Ed25519","x":"\#(x)="}"#,
            #"{"kty":"oct","k":"\#(secret(31))"}"#,
            #"{"kty":"oct","k":"\#(secret(1025))"}"#,
            #"{"kty":"oct","k":"\#(secret(63))","alg":"HS512"}"#,
            #"{"kty":"oct","k":""}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AQ"}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AAAB"}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AQAA"}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AQAAAAAAAAAB"}"#,
            #"{"kty":"RSA","n":"\#(n)"}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AQAB","alg":"ES256"}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AQAB","alg":"RSA-OAEP"}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AQAB","alg":"HS256"}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AQAB","alg":1}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AQAB","use":"enc"}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AQAB","use":["sig"]}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AQAB","key_ops":["sign"]}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AQAB","key_ops":"verify"}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AQAB","kid":1}"#,
            #"{"kty":"RSA","n":"\#(n)","e":"AQAB","kid":""}"#,
        ])
    func refused(json: String) throws {
        #expect(try jwk(json) == nil)
    }

    @Test(
        "bits of a modulus",
        arguments: [
            (2047, false), (2048, true), (2049, true), (3072, true), (8192, true), (8193, false), (16384, false),
        ])
    func modulus(bits: Int, isTaken: Bool) throws {
        // Zeros in front are no bits, though they should not be there (RFC 7518 section 2).
        var bytes: [UInt8] = [0, UInt8(truncatingIfNeeded: 1 << ((bits - 1) % 8))]
        bytes += [UInt8](repeating: 1, count: (bits - 1) / 8)
        let json = #"{"kty":"RSA","n":"\#(Base64URL.encode(bytes))","e":"AQAB"}"#
        #expect(try (jwk(json) != nil) == isTaken)
    }

    @Test("an even modulus is none")
    func evenModulus() throws {
        let n = Base64URL.encode([UInt8](repeating: 0xfe, count: 256))
        #expect(try jwk(#"{"kty":"RSA","n":"\#(n)","e":"AQAB"}"#) == nil)
    }
}
