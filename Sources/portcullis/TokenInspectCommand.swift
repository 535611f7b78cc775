import ArgumentParser
import PolicyModel
import TokenStore
import Tokens

struct TokenInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a token says, and whether it would be admitted now.",
        discussion: """
            The answer is that of a gateway with the same state folder, on a route that asks for no audience and no scope. \
            Exit code 0 wherever the token can be read, admitted or not.

              portcullis token issue --subject alice | portcullis token inspect -
            """)

    @Argument(help: "The token, or - to read it from standard input.")
    var token: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var state: StateOptions

    func run() throws {
        let token = try tokenArgument(token)
        guard let decoded = try? JWS.decode(token) else {
            throw Console.failure("not a token: \(RefusalReason.tokenMalformed.rawValue)")
        }
        let reason = refusal(of: token)
        if json {
            try Console.answer(
                json: Answer(
                    header: .object(decoded.header.fields), claims: .object(decoded.payload), admitted: reason == nil,
                    reason: reason?.rawValue))
        } else {
            show("header", decoded.header.fields)
            show("claims", decoded.payload)
            print("admitted now: \(reason.map { "no, \($0.rawValue)" } ?? "yes")")
        }
    }

    /// nil: a gateway would admit it.
    private func refusal(of token: String) -> RefusalReason? {
        let authority: TokenAuthority
        do {
            authority = try TokenAuthority(TokenStore(stateDirectory: state.directory, createIfMissing: false))
        } catch {
            Console.note("portcullis: \(error)")
            authority = TokenAuthority()
            authority.markUnavailable(true)
        }
        do {
            _ = try authority.verify(
                token, issuers: [TokenClaims.builtinIssuer], audience: nil, scopes: [], now: currentUnixSeconds())
            return nil
        } catch {
            return Self.reason(error)
        }
    }

    /// Escaped, as a token may come from anybody and a terminal obeys control characters.
    private func show(_ title: String, _ fields: [String: ClaimValue]) {
        print("\(title):")
        var table = TextTable([])
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            var text = String(decoding: JSON.encode(value), as: UTF8.self)
            if ["iat", "nbf", "exp"].contains(name), case .integer(let seconds) = value {
                text += " (\(Timestamp.rfc3339(seconds)))"
            }
            table.add(["  " + String(decoding: JSON.encode(.string(name)), as: UTF8.self).dropFirst().dropLast(), text])
        }
        for line in table.lines where !line.isEmpty { print(line) }
    }

    private static func reason(_ error: TokenError) -> RefusalReason {
        switch error {
        case .missing: .tokenMissing
        case .malformed: .tokenMalformed
        case .signatureInvalid: .tokenSignatureInvalid
        case .unknownKey: .tokenUnknownKey
        case .issuerUnknown: .tokenIssuerUnknown
        case .expired: .tokenExpired
        case .notYetValid: .tokenNotYetValid
        case .revoked: .tokenRevoked
        case .audienceMismatch: .tokenAudienceMismatch
        case .scopeMissing: .tokenScopeMissing
        case .storeUnavailable: .tokenStoreUnavailable
        case .claimMismatch: .tokenClaimMismatch
        case .keysUnavailable: .tokenKeysUnavailable
        }
    }

    private struct Answer: Encodable {
        let header: ClaimValue
        let claims: ClaimValue
        let admitted: Bool
        let reason: String?
    }
}
