import Testing
import Tokens

@testable import Crypto

/// The examples of RFC 7515 appendix A and of RFC 8037 appendix A.
enum PublishedTokens {
    static let claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

    static let all: [(algorithm: SignatureAlgorithm, jwk: String, input: String, signature: String)] = [
        (
            .hs256,
            #"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#,
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\(claims)", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        ),
        (
            .rs256,
            #"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#,
            "eyJhbGciOiJSUzI1NiJ9.\(claims)",
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        ),
        (
            .es256,
            #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
            "eyJhbGciOiJFUzI1NiJ9.\(claims)",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        ),
        (
            .edDSA, #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        ),
    ]
}

@Suite struct IssuerKeyTests {
    private func key(_ json: String) throws -> IssuerKey {
        let value = try #require(JSON.decode(Array(json.utf8)))
        return try IssuerKey(try #require(JWK(value)), issuer: "corporate", index: 3)
    }

    @Test("the published examples hold, by their own algorithm alone and by no other signature", arguments: 0..<4)
    func published(index: Int) throws {
        let example = PublishedTokens.all[index]
        let message = Array(example.input.utf8)
        let signature = try #require(Base64URL.decode(example.signature.utf8))
        let key = try key(example.jwk)
        for verifier in key.verifiers {
            let isOwn = verifier.algorithm == example.algorithm
            #expect(verifier.verifier.isValid(signature, for: message) == isOwn, "\(verifier.algorithm)")
            // The second time the answer may be remembered.
            #expect(verifier.verifier.isValid(signature, for: message) == isOwn, "\(verifier.algorithm)")
        }
        let own = try #require(key.verifiers.first { $0.algorithm == example.algorithm }).verifier
        #expect(!own.isValid(signature, for: message + [0]))
        #expect(!own.isValid([], for: message))
        #expect(!own.isValid(Array(signature.dropLast()), for: message))
        #expect(!own.isValid(signature + [0], for: message))
        #expect(!own.isValid([0] + signature, for: message))
        #expect(!own.isValid([UInt8](repeating: 0, count: signature.count), for: message))
        #expect(!own.isValid([UInt8](repeating: 0xff, count: signature.count), for: message))
        for bit in stride(from: 0, to: signature.count * 8, by: 37) {
            var forged = signature
            forged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!own.isValid(forged, for: message), "bit \(bit)")
        }
    }

    @Test("thumbprints of RFC 7638 section 3.1 and of RFC 8037 appendix A.3; a secret has none")
    func names() throws {
        let rsa =
            #"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256""#
        #expect(try key(rsa + "}").id == "corporate/NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        #expect(try key(rsa + #","kid":"2011-04-29"}"#).id == "corporate/2011-04-29")
        #expect(try key(PublishedTokens.all[3].jwk).id == "corporate/kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        #expect(try key(PublishedTokens.all[0].jwk).id == "corporate/#3")
    }

    @Test("a point that is not on its curve is no key, and is counted")
    func offCurve() throws {
        let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
        let bad = #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(x)"}"#
        let zero = Base64URL.encode([UInt8](repeating: 0, count: 48))
        let nowhere = #"{"kty":"EC","crv":"P-384","x":"\#(zero)","y":"\#(zero)"}"#
        #expect(throws: CryptoError.self) { try key(bad) }
        #expect(throws: CryptoError.self) { try key(nowhere) }
        let set = try JWKSet(Array(#"{"keys":[\#(bad),7,\#(PublishedTokens.all[2].jwk)]}"#.utf8))
        let (keys, skipped) = IssuerKey.keys(of: set, issuer: "corporate")
        #expect(keys.count == 1)
        #expect(skipped == 2)
    }
}
