import ArgumentParser
import PolicyModel
import Tokens

/// What `token issue` was asked for, checked.
struct IssueRequest {
    /// Networks that one token can be bound to.
    private static let maximumNetworks = 64

    /// Claims that have an option of their own, or that the gateway itself writes.
    private static let optionOfClaim = [
        "sub": "--subject", "aud": "--audience", "scope": "--scope", "nbf": "--not-before", "exp": "--ttl",
        "uses": "--uses", "from_address": "--from-address",
    ]
    private static let ownClaims = ["iss", "iat", "jti"]

    let subject: String
    private let audiences: [String]
    private let scopes: [String]
    private let notBefore: Int64
    private let expiresAt: Int64
    private let other: [String: ClaimValue]

    /// Throws a `ValidationError` that says what is wrong. `now` is in Unix seconds.
    init(_ command: TokenIssueCommand, now: Int64) throws {
        subject = try Self.name(command.subject, "--subject")
        audiences = try command.audience.map { try Self.name($0, "--audience") }
        scopes = try command.scope.map(Self.scope)
        notBefore = try command.notBefore.map { try Self.start($0, now: now) } ?? now
        guard let lifetime = Lifetime(command.ttl) else {
            throw ValidationError(
                "--ttl must be a whole number and s, m, h or d, up to 3650d, such as 24h: '\(command.ttl)'.")
        }
        // A start that has passed makes no token shorter.
        expiresAt = max(now, notBefore) + lifetime.seconds
        guard expiresAt <= now + Lifetime.maximumSeconds else {
            throw ValidationError("--not-before and --ttl must end within 3650d from now.")
        }
        var other = try Self.claims(command.claim)
        if let uses = command.uses {
            guard uses > 0 else { throw ValidationError("--uses must be at least 1.") }
            other["uses"] = .integer(uses)
        }
        if !command.fromAddress.isEmpty { other["from_address"] = .array(try Self.networks(command.fromAddress)) }
        self.other = other
    }

    func claims(id: String, issuedAt: Int64) -> TokenClaims {
        TokenClaims(
            subject: subject, id: id, audiences: audiences, scopes: scopes, issuedAt: issuedAt, notBefore: notBefore,
            expiresAt: expiresAt, other: other)
    }

    private static func name(_ text: String, _ option: String) throws -> String {
        guard isName(text) else {
            throw ValidationError("\(option) must be 1 to 256 bytes without control characters.")
        }
        return text
    }

    private static func isName(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// RFC 6749 section 3.3.
    private static func scope(_ text: String) throws -> String {
        guard (1...256).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        else {
            throw ValidationError("--scope must be visible ASCII without spaces, quotes and backslashes: '\(text)'.")
        }
        return text
    }

    private static func start(_ text: String, now: Int64) throws -> Int64 {
        if let duration = Lifetime(text) { return now + duration.seconds }
        if let time = Timestamp.unixSeconds(rfc3339: text) { return time }
        throw ValidationError(
            "--not-before must be a duration from now, such as 5m, or a time such as 2030-01-31T08:00:00Z: '\(text)'.")
    }

    private static func claims(_ texts: [String]) throws -> [String: ClaimValue] {
        var claims: [String: ClaimValue] = [:]
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, isName(parts[0]) else {
                throw ValidationError("--claim must be NAME=VALUE, the name 1 to 256 bytes: '\(text)'.")
            }
            if let option = optionOfClaim[parts[0]] {
                throw ValidationError("--claim cannot set '\(parts[0])': \(option) does.")
            }
            guard !ownClaims.contains(parts[0]) else {
                throw ValidationError("--claim cannot set '\(parts[0])': the gateway writes it itself.")
            }
            let value = JSON.decode(Array(parts[1].utf8)) ?? .string(parts[1])
            guard claims.updateValue(value, forKey: parts[0]) == nil else {
                throw ValidationError("--claim sets '\(parts[0])' twice.")
            }
        }
        return claims
    }

    private static func networks(_ texts: [String]) throws -> [ClaimValue] {
        guard texts.count <= maximumNetworks else {
            throw ValidationError("--from-address can be given \(maximumNetworks) times at most.")
        }
        return try texts.map { text in
            do throws(CIDR.ParseError) {
                let network = try CIDR(text)
                return .string("\(network.address)/\(network.prefix)")
            } catch {
                let what =
                    switch error {
                    case .notAnAddress, .prefixOutOfRange: "must be an address block, such as 192.0.2.0/24"
                    case .hostBitsSet(let meant): "has bits set behind its prefix (\(meant) is the block)"
                    }
                throw ValidationError("--from-address \(what): '\(text)'.")
            }
        }
    }
}
