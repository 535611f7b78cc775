internal import Logging
internal import TokenStore
internal import Tokens

/// The tokens of the state folder.
extension AdminEndpoints {
    private static let listLimit: Int64 = 1000
    private static let maximumListLimit: Int64 = 10_000

    /// Those on record, the oldest first; never a token itself.
    func tokens(_ request: AdminRequest) throws(AdminRefusal) -> AdminAnswer {
        let fields = try request.query(["subject", "status", "audience", "scope", "limit"])
        let limit = Int(try fields.number("limit", 1...Self.maximumListLimit) ?? Self.listLimit)
        var filter = TokenFilter(
            subject: try fields.text("subject"), audience: try fields.text("audience"),
            scope: try fields.text("scope"), limit: limit + 1)
        if let text = try fields.text("status") {
            guard let state = TokenRecord.State(rawValue: text) else {
                let all = TokenRecord.State.allCases.map(\.rawValue).joined(separator: ", ")
                throw .malformed("`status` must be one of \(all)")
            }
            filter.state = state
        }
        let asked = filter
        let found = try store { store, now in
            var found: [ClaimValue] = []
            try store.forEachToken(asked, now: now) { token, state in found.append(.object(token.members(state))) }
            return found
        }
        return AdminAnswer(["tokens": .array(Array(found.prefix(limit))), "more": .boolean(found.count > limit)])
    }

    /// Makes one. It stands in this answer alone.
    func issue(_ request: AdminRequest) throws(AdminRefusal) -> AdminAnswer {
        let fields = try request.object([
            "subject", "audiences", "scopes", "ttl", "not_before", "claims", "uses", "from_address",
        ])
        guard let subject = try fields.text("subject") else { throw .malformed("`subject` is missing: whom it is for") }
        var claims: [String: ClaimValue] = [:]
        switch fields["claims"] {
        case nil: break
        case .object(let members): claims = members
        default: throw .malformed("`claims` must be an object")
        }
        let wishes = TokenRequest.Wishes(
            subject: subject, audiences: try fields.texts("audiences"), scopes: try fields.texts("scopes"),
            ttl: try fields.text("ttl") ?? "24h", notBefore: try fields.text("not_before"), claims: claims,
            uses: try fields.number("uses", 1...Int64.max), networks: try fields.texts("from_address"))
        let asked: TokenRequest
        do throws(TokenRequest.Problem) {
            asked = try TokenRequest(wishes, now: SystemClock.unixSeconds())
        } catch {
            throw .malformed(error.message(\.member))
        }
        let (token, issued) = try store { store, now in try asked.issue(from: store, now: now) }
        tell("token issued", request, ["token_id": "\(issued.id)", "subject": "\(issued.subject)"])
        return AdminAnswer(issued.members(token: token))
    }

    /// Revokes. Live connections of it end within a second.
    func revoke(_ request: AdminRequest) throws(AdminRefusal) -> AdminAnswer {
        let fields = try request.object(["id", "subject", "token", "all"])
        var asked: [RevocationRequest] = []
        if let id = try fields.filledText("id") { asked.append(.id(id)) }
        if let subject = try fields.filledText("subject") { asked.append(.subject(subject)) }
        if let token = try fields.filledText("token") { asked.append(.token(token)) }
        if try fields.flag("all") { asked.append(.all) }
        guard let wanted = asked.first, asked.count == 1 else {
            throw .malformed("give one of `id`, `subject`, `token` and `all`: true")
        }
        let (outcome, what) = try store { store, now in try wanted.perform(in: store, now: now) }
        var members: [String: ClaimValue] = ["revoked": .string(what)]
        switch outcome {
        case .revoked(let count):
            members["outcome"] = .string("revoked")
            members["tokens"] = count.map { .integer(Int64($0)) }
        case .alreadyRevoked: members["outcome"] = .string("already-revoked")
        case .alreadyExpired: members["outcome"] = .string("already-expired")
        case .unknown: throw Self.unknownToken(wanted.unknown(what, from: "this state folder"))
        }
        tell("token revoked", request, ["what": "\(what)"])
        return AdminAnswer(members)
    }

    private static func unknownToken(_ message: String) -> AdminRefusal {
        AdminRefusal(status: 404, error: "token-unknown", message: message)
    }

    /// Runs `body` on the gateway's store.
    private func store<Value>(_ body: (TokenStore, _ now: Int64) throws -> Value) throws(AdminRefusal) -> Value {
        do {
            return try body(try TokenStore(stateDirectory: stateDirectory), SystemClock.unixSeconds())
        } catch TokenError.malformed {
            throw .malformed(
                "the token would be longer than \(JWS.maximumBytes) bytes: give it fewer audiences, scopes and claims")
        } catch is RevocationRequest.NotIssuedHere {
            throw Self.unknownToken("nothing was revoked: the token was never issued from this state folder")
        } catch {
            throw AdminRefusal(status: 503, error: "token-store-unavailable", message: "\(error)")
        }
    }
}

extension TokenRequest.Field {
    /// In a request's body.
    fileprivate var member: String {
        switch self {
        case .subject: "`subject`"
        case .audiences: "`audiences`"
        case .scopes: "`scopes`"
        case .ttl: "`ttl`"
        case .notBefore: "`not_before`"
        case .claims: "`claims`"
        case .uses: "`uses`"
        case .networks: "`from_address`"
        }
    }
}
