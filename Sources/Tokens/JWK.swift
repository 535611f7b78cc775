/// A key as a JSON Web Key tells it (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2): numbers, not yet a key.
package struct JWK: Sendable, Hashable {
    /// The numbers of a key. Of a private one only what is public is kept; nothing here is ever logged.
    package enum Material: Sendable, Hashable {
        /// Big-endian, without zeros in front; the modulus has 2048 to 8192 bits, the exponent at most 64. Both are odd.
        case rsa(modulus: [UInt8], exponent: [UInt8])
        /// 32 bytes each.
        case p256(x: [UInt8], y: [UInt8])
        /// 48 bytes each.
        case p384(x: [UInt8], y: [UInt8])
        /// 32 bytes.
        case ed25519([UInt8])
        /// At least 32 bytes.
        case secret([UInt8])
    }

    /// `kid`, never empty.
    package let keyID: String?
    package let material: Material
    /// What it may be used with, never empty: `alg` alone where that is there, otherwise all that fits its kind and length.
    package let algorithms: [SignatureAlgorithm]

    package static let rsaBits = 2048...8192
    private static let maximumExponentBytes = 8
    /// Longer secrets than the longest block are hashed anyway.
    private static let maximumSecretBytes = 1024

    /// nil for a key that signs no tokens here: of an unknown kind or curve, for encryption (`use`, `key_ops`), of another
    /// algorithm, too short or too long, or not a key at all.
    package init?(_ value: ClaimValue) {
        guard case .object(let members) = value, case .string(let kind) = members["kty"],
            Self.isForVerification(members), let material = Self.material(kind, members)
        else { return nil }
        switch members["kid"] {
        case nil: keyID = nil
        case .string(let id) where !id.isEmpty: keyID = id
        default: return nil
        }
        var algorithms = Self.algorithms(of: material)
        switch members["alg"] {
        case nil: break
        case .string(let name): algorithms = algorithms.filter { $0.rawValue == name }
        default: return nil
        }
        guard !algorithms.isEmpty else { return nil }
        self.material = material
        self.algorithms = algorithms
    }

    /// RFC 7517 sections 4.2 and 4.3: each of both that is there must allow it.
    private static func isForVerification(_ members: [String: ClaimValue]) -> Bool {
        switch members["use"] {
        case nil, .string("sig"): break
        default: return false
        }
        switch members["key_ops"] {
        case nil: return true
        case .array(let operations): return operations.contains(.string("verify"))
        default: return false
        }
    }

    private static func material(_ kind: String, _ members: [String: ClaimValue]) -> Material? {
        func bytes(_ name: String, _ count: Int? = nil) -> [UInt8]? {
            guard case .string(let text) = members[name], let bytes = Base64URL.decode(text.utf8), !bytes.isEmpty else {
                return nil
            }
            return count == nil || count == bytes.count ? bytes : nil
        }
        switch (kind, members["crv"]) {
        case ("RSA", _):
            guard let modulus = bytes("n"), let exponent = bytes("e") else { return nil }
            return rsa(Array(modulus.drop { $0 == 0 }), Array(exponent.drop { $0 == 0 }))
        case ("EC", .string("P-256")):
            guard let x = bytes("x", 32), let y = bytes("y", 32) else { return nil }
            return .p256(x: x, y: y)
        case ("EC", .string("P-384")):
            guard let x = bytes("x", 48), let y = bytes("y", 48) else { return nil }
            return .p384(x: x, y: y)
        case ("OKP", .string("Ed25519")):
            return bytes("x", 32).map { .ed25519($0) }
        case ("oct", _):
            guard let secret = bytes("k"), secret.count <= maximumSecretBytes else { return nil }
            return .secret(secret)
        default: return nil
        }
    }

    private static func rsa(_ modulus: [UInt8], _ exponent: [UInt8]) -> Material? {
        guard let first = modulus.first, let last = modulus.last, let lastOfExponent = exponent.last else { return nil }
        let bits = modulus.count * 8 - first.leadingZeroBitCount
        // An exponent of 1 would make every signature good; an even number is no RSA modulus and no exponent.
        guard rsaBits.contains(bits), last & 1 == 1, lastOfExponent & 1 == 1, exponent != [1],
            exponent.count <= maximumExponentBytes
        else { return nil }
        return .rsa(modulus: modulus, exponent: exponent)
    }

    private static func algorithms(of material: Material) -> [SignatureAlgorithm] {
        switch material {
        case .rsa: [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
        case .p256: [.es256]
        case .p384: [.es384]
        case .ed25519: [.edDSA]
        // RFC 7518 section 3.2: a secret at least as long as the digest.
        case .secret(let bytes): [.hs256, .hs384, .hs512].filter { $0.digestBytes <= bytes.count }
        }
    }
}
