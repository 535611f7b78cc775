internal import HTTPClient
internal import Locking
internal import Middleware
internal import PolicyModel
internal import TokenStore
internal import Tokens

/// The issuers of a policy in a rehearsal: what a gateway would know of them, and a key of the rehearsal's own beside.
final class RehearsalTokens {
    /// One of the kind `jwt`.
    private struct Foreign {
        let issuer: JWTIssuer
        /// Those that it has published; none where they were not asked for.
        let published: [IssuerKey]
        let made: RehearsalKey
    }

    let issuers: TokenIssuers
    let uses: RehearsalUses
    let signer = CurrentSigner()
    private let authority = TokenAuthority()
    private let key = RehearsalKey()
    private let foreign: [String: Foreign]
    private let builtin: [String]
    private var made = 0
    /// What a gateway would tell of, a line each.
    private(set) var problems: [String] = []

    /// Reads key files and, where there is one, the token store. What a gateway could not start with is thrown.
    init(
        _ policy: Policy, stateDirectory: String?, fetchesKeys: Bool, resolve: (String) -> String, now: Int64
    ) throws {
        var foreign: [String: Foreign] = [:]
        for issuer in policy.tokenIssuers {
            guard case .jwt(let settings) = issuer.kind else { continue }
            let (keys, isKnown) = try PublishedKeys.read(
                of: issuer.name, settings.keys.resolved(resolve), fetches: fetchesKeys)
            let table = TokenKeys()
            if !keys.isEmpty { _ = table.replace(keys) }
            if isKnown, keys.isEmpty { problems.append("the keys of token issuer \(issuer.name) could not be fetched") }
            let rules = JWTRules(settings)
            foreign[issuer.name] = Foreign(
                issuer: JWTIssuer(
                    name: issuer.name, rules: rules, keys: table, source: isKnown ? nil : UnaskedSource()),
                published: keys, made: key.pinned(to: rules.algorithms.min { $0.rawValue < $1.rawValue } ?? .edDSA))
        }
        self.foreign = foreign
        builtin = policy.tokenIssuers.map(\.name).filter { foreign[$0] == nil }
        issuers = TokenIssuers(authority, foreign: foreign.values.map(\.issuer))
        var keys: [VerificationKey] = []
        var store: TokenStore?
        if let stateDirectory {
            do throws(TokenStoreError) {
                let opened = try TokenStore(reading: stateDirectory)
                keys = try opened.verificationKeys(now: now).compactMap { try? VerificationKey($0) }
                authority.add(try opened.changes(since: 0).revocations)
                store = opened
            } catch {
                // A gateway would make one; what else is wrong with it lets no token in.
                if error.kind != .missing {
                    authority.markUnavailable(true)
                    problems.append("token store unreadable, no token is admitted: \(error)")
                }
            }
        }
        authority.replaceKeys(keys + [key.verificationKey])
        signer.replace(by: key)
        uses = RehearsalUses(store)
    }

    /// A token with these claims. Other issuers' keys know it only as long as ``verifyMadeUp(_:)`` says so.
    func token(_ claims: MadeUpClaims, now: Int64) throws(RehearsalError) -> String {
        if let name = claims.issuer, foreign[name] == nil, !builtin.contains(name) {
            let names = (builtin + foreign.keys.sorted()).map { "'\($0)'" }.joined(separator: ", ")
            throw RehearsalError(
                description: "there is no token issuer '\(name)'"
                    + (names.isEmpty ? ": the policies have none" : ", but \(names)"))
        }
        made += 1
        let issuer = claims.issuer.flatMap { foreign[$0] }
        let rules = issuer?.issuer.rules
        let payload = claims.payload(
            iss: rules?.issuer ?? TokenClaims.builtinIssuer, scopes: rules?.scopes, id: "rehearsal-\(made)", now: now)
        if case .string(let id)? = payload["jti"] { uses.know(id) }
        guard let token = try? JWS.encode(payload, type: "JWT", signer: issuer?.made ?? key) else {
            throw RehearsalError(description: "a token with these claims is longer than \(JWS.maximumBytes) bytes")
        }
        return token
    }

    /// From now on tokens of other issuers are looked at with the rehearsal's key beside their own, or without. A token that
    /// names no key must meet those alone that a gateway would try.
    func verifyMadeUp(_ verifies: Bool) {
        for (name, issuer) in foreign {
            let added = verifies ? [issuer.made.issuerKey(of: name)].compactMap { $0 } : []
            guard verifies || !issuer.issuer.keys.isEmpty else { continue }
            _ = issuer.issuer.keys.replace(issuer.published + added)
        }
    }
}

/// Keys that a gateway would have fetched, and the rehearsal has not: whoever needs one waits for ever.
private struct UnaskedSource: TokenKeySource {
    func learn() -> KeyRefresh? { KeyRefresh(patience: .seconds(1)) }
}

/// Counts uses of tokens in memory, on from what the store says.
final class RehearsalUses: UseCounter {
    private let store: TokenStore?
    /// By `jti`.
    private let counts = Lock<[String: Int64]>([:])

    init(_ store: TokenStore?) {
        self.store = store
    }

    /// A made-up token, which has not been used yet.
    func know(_ id: String) {
        counts.withLock { if $0[id] == nil { $0[id] = 0 } }
    }

    func use(_ id: String, limit: Int64, answered: @escaping @Sendable (UseAnswer) -> Void) {
        // What is not on record has been used nobody knows how often.
        let recorded = (try? store?.token(id: id)).flatMap { $0 }?.uses
        let answer = counts.withLock { counts -> UseAnswer in
            guard let count = counts[id] ?? recorded, count < limit else { return .exhausted }
            counts[id] = count + 1
            return .admitted
        }
        answered(answer)
    }
}
