import ArgumentParser
import Engine
import Tokens

extension TokenRequest {
    /// What `token issue` was asked for. Throws a `ValidationError` that says what is wrong. `now` is in Unix seconds.
    init(_ command: TokenIssueCommand, now: Int64) throws {
        let wishes = Wishes(
            subject: command.subject, audiences: command.audience, scopes: command.scope, ttl: command.ttl,
            notBefore: command.notBefore, claims: try Self.claims(command.claim), uses: command.uses,
            networks: command.fromAddress)
        do throws(Problem) {
            self = try TokenRequest(wishes, now: now)
        } catch {
            throw ValidationError(error.message(\.option))
        }
    }

    private static func claims(_ texts: [String]) throws -> [String: ClaimValue] {
        var claims: [String: ClaimValue] = [:]
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, isName(parts[0]) else {
                throw ValidationError("--claim must be NAME=VALUE, the name 1 to 256 bytes: '\(text)'.")
            }
            let value = JSON.decode(Array(parts[1].utf8)) ?? .string(parts[1])
            guard claims.updateValue(value, forKey: parts[0]) == nil else {
                throw ValidationError("--claim sets '\(parts[0])' twice.")
            }
        }
        return claims
    }
}

extension TokenRequest.Field {
    /// On the command line.
    fileprivate var option: String {
        switch self {
        case .subject: "--subject"
        case .audiences: "--audience"
        case .scopes: "--scope"
        case .ttl: "--ttl"
        case .notBefore: "--not-before"
        case .claims: "--claim"
        case .uses: "--uses"
        case .networks: "--from-address"
        }
    }
}
