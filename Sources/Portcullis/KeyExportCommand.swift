import ArgumentParser
import TokenStore
import Tokens

struct KeyExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print the public keys as a JWK set, for others who check the tokens.",
        discussion: """
            RFC 7517 with RFC 8037: all keys of which a token can be good now. Revocations and counted uses are not in \
            it: only a gateway knows these.

              portcullis key export > jwks.json
            """)

    @OptionGroup var state: StateOptions

    func run() throws {
        let keys = try telling { try state.openStore().publicKeys(now: currentUnixSeconds()) }
        let set = ClaimValue.object(["keys": .array(keys.filter(\.verifies).compactMap(Self.jwk))])
        try Console.answer(String(decoding: JSON.encode(set), as: UTF8.self))
    }

    /// nil for an algorithm that the builtin issuer does not sign with.
    private static func jwk(_ key: StoredPublicKey) -> ClaimValue? {
        guard key.algorithm == .edDSA else { return nil }
        return .object([
            "kty": .string("OKP"), "crv": .string("Ed25519"), "x": .string(Base64URL.encode(key.publicKey)),
            "kid": .string(key.id), "alg": .string(key.algorithm.rawValue), "use": .string("sig"),
        ])
    }
}
