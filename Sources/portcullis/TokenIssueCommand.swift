import ArgumentParser
import Crypto
import TokenStore
import Tokens

struct TokenIssueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue",
        abstract: "Make a signed token for a client.",
        discussion: """
            The token is printed once, alone on standard output, and is not kept: only its id and claims are. The signing \
            key is made at first use.

              TOKEN=$(portcullis token issue --subject alice --audience chat --scope chat.read --ttl 24h)
            """)

    @Option(help: "Whom the token is for (`sub`).")
    var subject: String

    @Option(help: "A service that it is for (`aud`). Repeatable.")
    var audience: [String] = []

    @Option(help: "Something that it allows (`scope`). Repeatable.")
    var scope: [String] = []

    @Option(help: ArgumentHelp("How long it is good for: 30s, 5m, 24h, 7d.", valueName: "duration"))
    var ttl = "24h"

    @Flag(help: "Print the token with its id and times as JSON.")
    var json = false

    @OptionGroup var state: StateOptions

    func validate() throws {
        guard Self.isName(subject) else {
            throw ValidationError("--subject must be 1 to 256 bytes without control characters.")
        }
        for audience in audience where !Self.isName(audience) {
            throw ValidationError("--audience must be 1 to 256 bytes without control characters.")
        }
        for scope in scope where !Self.isScope(scope) {
            throw ValidationError("--scope must be visible ASCII without spaces, quotes and backslashes: '\(scope)'.")
        }
        guard Lifetime(ttl) != nil else {
            throw ValidationError("--ttl must be a whole number and s, m, h or d, up to 3650d, such as 24h: '\(ttl)'.")
        }
    }

    func run() throws {
        guard let lifetime = Lifetime(ttl) else { return }
        let (token, claims) = try telling {
            let store = try state.openStore(createIfMissing: true)
            return try issue(from: store, lifetime)
        }
        if json {
            try Console.answer(json: Answer(token, claims))
        } else {
            print(token)
            if Console.isErrorTerminal {
                Console.note("expires \(Timestamp.rfc3339(claims.expiresAt)); shown only now, so keep it")
                Console.note("to revoke it: portcullis token revoke --id \(claims.id)")
            }
        }
    }

    private func issue(from store: TokenStore, _ lifetime: Lifetime) throws -> (String, TokenClaims) {
        let now = currentUnixSeconds()
        let stored = try store.signingKey(now: now) {
            let key = try Ed25519PrivateKey.generate()
            return StoredKey(
                id: key.keyID, algorithm: key.algorithm, publicKey: key.publicKey.rawRepresentation,
                privateKey: try key.rawRepresentation())
        }
        // "All issued until now" covers this second: a token that is made in it after a revocation belongs to the next.
        let issuedAt = max(now, (try store.revokedUntil(subject: subject) ?? now - 1) + 1)
        let claims = TokenClaims(
            subject: subject, id: SecureRandom.tokenID(), audiences: audience, scopes: scope, issuedAt: issuedAt,
            notBefore: now, expiresAt: now + lifetime.seconds)
        let token: String
        do {
            token = try JWS.encode(claims, signer: Ed25519PrivateKey(rawRepresentation: stored.privateKey))
        } catch TokenError.malformed {
            throw Console.failure(
                "the token would be longer than \(JWS.maximumBytes) bytes: give it fewer audiences and scopes")
        }
        try store.record(TokenRecord(claims))
        return (token, claims)
    }

    private static func isName(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// RFC 6749 section 3.3.
    private static func isScope(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
    }

    private struct Answer: Encodable {
        let token: String
        let id: String
        let subject: String
        let audiences: [String]
        let scopes: [String]
        let issuedAt: String
        let expiresAt: String

        init(_ token: String, _ claims: TokenClaims) {
            self.token = token
            id = claims.id
            subject = claims.subject
            audiences = claims.audiences
            scopes = claims.scopes
            issuedAt = Timestamp.rfc3339(claims.issuedAt)
            expiresAt = Timestamp.rfc3339(claims.expiresAt)
        }
    }
}
