import Glibc
import Testing
import TokenStore
import Tokens

@testable import Engine

@Suite struct TokenRequestTests {
    private typealias Wishes = TokenRequest.Wishes
    private let now = Fixtures.noon

    @Test("what was wished for is in the token, and on record without it")
    func issue() throws {
        let folder = try StateFolder()
        let store = try TokenStore(stateDirectory: folder.path)
        let request = try TokenRequest(
            Wishes(
                subject: "alice", audiences: ["chat"], scopes: ["read"], ttl: "1h", notBefore: "5m",
                claims: ["room": .integer(7)], uses: 3, networks: ["192.0.2.0/24"]), now: now)
        let (token, claims) = try request.issue(from: store, now: now)
        let members = claims.members(token: token)
        #expect(members["token"] == .string(token) && members["subject"] == .string("alice"))
        #expect(members["uses"] == .integer(3) && members["from_address"] == .array([.string("192.0.2.0/24")]))
        #expect(claims.expiresAt == now + 300 + 3600 && claims.notBefore == now + 300)
        var found: [[String: ClaimValue]] = []
        try store.forEachToken(now: now) { found.append($0.members($1)) }
        #expect(found.map { $0["id"] } == [members["id"]] && found.first?["state"] == .string("not-yet-valid"))
        #expect(found.first?["uses_limit"] == .integer(3) && found.first?["uses"] == .integer(0))
        let outcome = try RevocationRequest.token(token).perform(in: store, now: now)
        #expect(outcome == (.revoked(tokens: 1), "token \(claims.id) of subject alice"))
        #expect(try RevocationRequest.id(claims.id).perform(in: store, now: now).outcome == .alreadyRevoked)
        #expect(try RevocationRequest.subject("bob").perform(in: store, now: now).outcome == .unknown)
        #expect(throws: RevocationRequest.NotIssuedHere.self) {
            try RevocationRequest.token(try ToyKey.token()).perform(in: store, now: now)
        }
        for name in ["tokens.sqlite", "tokens.sqlite-wal", "tokens.sqlite-shm"] { removeFile(folder, name) }
    }

    @Test(
        "what cannot be is refused in the words of whoever asks",
        arguments: [
            (Wishes(subject: ""), "<subject> must be 1 to 256 bytes without control characters, and"),
            (Wishes(subject: "admin "), "<subject> must be"),
            (Wishes(subject: "\u{A0}admin"), "<subject> must be"),
            (Wishes(subject: "a\u{7}"), "<subject> must be"),
            (Wishes(subject: String(repeating: "a", count: 257)), "<subject> must be"),
            (Wishes(subject: "a", audiences: [""]), "<audiences> must be"),
            (Wishes(subject: "a", scopes: ["a b"]), "<scopes> must be visible ASCII"),
            (Wishes(subject: "a", ttl: "1y"), "<ttl> must be a whole number"),
            (Wishes(subject: "a", ttl: "3650d", notBefore: "1d"), "<notBefore> and <ttl> must end within"),
            (Wishes(subject: "a", notBefore: "soon"), "<notBefore> must be a duration"),
            (Wishes(subject: "a", claims: ["exp": .integer(1)]), "<claims> cannot set 'exp': <ttl> does."),
            (Wishes(subject: "a", claims: ["jti": .null]), "<claims> cannot set 'jti': the gateway writes it itself."),
            (Wishes(subject: "a", claims: ["": .null]), "<claims> must have a name"),
            (Wishes(subject: "a", uses: 0), "<uses> must be at least 1."),
            (Wishes(subject: "a", networks: ["192.0.2.1/24"]), "<networks> has bits set behind its prefix"),
            (Wishes(subject: "a", networks: ["here"]), "<networks> must be an address block"),
            (Wishes(subject: "a", networks: Array(repeating: "::1", count: 65)), "<networks> can be given 64 times"),
        ])
    func refusals(wishes: TokenRequest.Wishes, text: String) {
        do throws(TokenRequest.Problem) {
            _ = try TokenRequest(wishes, now: now)
            Issue.record("\(wishes) was taken")
        } catch {
            #expect(error.message { "<\($0)>" }.hasPrefix(text))
        }
    }

    private func removeFile(_ folder: StateFolder, _ name: String) {
        _ = try? folder.write(name, "")
        unsafe unlink("\(folder.path)/\(name)")
    }
}
