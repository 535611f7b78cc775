package import Tokens

extension IssuerKey {
    /// A key that can be used, of its numbers. Throws where they are no key: a point that is not on its curve.
    ///
    /// - Parameters:
    ///   - issuer: the issuer's name in the policy.
    ///   - index: its place in its set, which names a secret that has no `kid`.
    package init(_ jwk: JWK, issuer: String, index: Int) throws(CryptoError) {
        // Without `kid` a public key has the name that follows from it; one that follows from a secret would tell of it.
        let name = jwk.keyID ?? jwk.thumbprint ?? "#\(index)"
        let id = "\(issuer)/\(name)"
        var verifiers: [VerificationKey] = []
        let verifier: (SignatureAlgorithm) throws(CryptoError) -> any SignatureVerifier
        switch jwk.material {
        case .ed25519(let bytes):
            let key = try Ed25519PublicKey(rawRepresentation: bytes)
            verifier = { (_) throws(CryptoError) in key }
        case .secret(let bytes):
            verifier = { (algorithm) throws(CryptoError) in HMACVerifier(secret: bytes, algorithm: algorithm) }
        case .rsa(let modulus, let exponent):
            let key = try KeyHandle.rsa(modulus: modulus, exponent: exponent)
            let form = PublicKeyVerifier.Form.rsa(signatureBytes: modulus.count)
            let fingerprint = Digest.sha256(modulus + exponent)
            verifier = { (algorithm) throws(CryptoError) in
                PublicKeyVerifier(key, form, algorithm, fingerprint: fingerprint)
            }
        case .p256(let x, let y):
            verifier = try Self.ellipticCurve("P-256", x, y)
        case .p384(let x, let y):
            verifier = try Self.ellipticCurve("P-384", x, y)
        }
        for algorithm in jwk.algorithms {
            verifiers.append(
                VerificationKey(
                    id: id, algorithm: algorithm, verifier: try verifier(algorithm), mark: jwk.hashValue))
        }
        self.init(id: id, jwk: jwk, verifiers: verifiers)
    }

    /// Those keys of a set that can be used, and how many there are that cannot.
    package static func keys(of set: JWKSet, issuer: String) -> (keys: [IssuerKey], skipped: Int) {
        let keys = set.keys.enumerated().compactMap { try? IssuerKey($1, issuer: issuer, index: $0) }
        return (keys, set.skipped + set.keys.count - keys.count)
    }

    private static func ellipticCurve(
        _ curve: String, _ x: [UInt8], _ y: [UInt8]
    ) throws(CryptoError) -> (SignatureAlgorithm) throws(CryptoError) -> any SignatureVerifier {
        let key = try KeyHandle.ellipticCurve(curve, x: x, y: y)
        let fingerprint = Digest.sha256(x + y)
        return { (algorithm) throws(CryptoError) in
            PublicKeyVerifier(key, .ecdsa(coordinateBytes: x.count), algorithm, fingerprint: fingerprint)
        }
    }
}

extension JWK {
    /// RFC 7638, RFC 8037 appendix A.3; nil for a secret.
    var thumbprint: String? {
        func text(_ bytes: [UInt8]) -> String { Base64URL.encode(bytes) }
        let json: String
        switch material {
        case .rsa(let modulus, let exponent): json = #"{"e":"\#(text(exponent))","kty":"RSA","n":"\#(text(modulus))"}"#
        case .p256(let x, let y): json = #"{"crv":"P-256","kty":"EC","x":"\#(text(x))","y":"\#(text(y))"}"#
        case .p384(let x, let y): json = #"{"crv":"P-384","kty":"EC","x":"\#(text(x))","y":"\#(text(y))"}"#
        case .ed25519(let x): json = #"{"crv":"Ed25519","kty":"OKP","x":"\#(text(x))"}"#
        case .secret: return nil
        }
        return Base64URL.encode(Digest.sha256(Array(json.utf8)))
    }
}
