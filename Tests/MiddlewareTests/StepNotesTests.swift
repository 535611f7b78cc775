import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

/// What the steps of a chain of these settings say of a handshake.
private func notes(
    _ settings: MiddlewareSettings..., of asked: HandshakeContext, tokens: TokenAuthority = TokenAuthority()
) -> [[String]] {
    var environment = MiddlewareEnvironment(tokens: tokens)
    let chain = MiddlewareChain(
        entries: settings.map { MiddlewareEntry(settings: $0, position: position) }, name: "route chat",
        environment: &environment)
    var asked = asked
    asked.trace = ChainTrace()
    let outcome = chain.admit(asked)
    return (outcome.admitted?.trace ?? outcome.refused?.1.trace)?.steps.map(\.notes) ?? []
}

private func blocks(_ texts: String...) throws -> CIDRSet { CIDRSet(try texts.map { try CIDR($0) }) }

@Suite struct StepNotesTests {
    @Test("which block an address is in")
    func ipFilter() throws {
        func said(_ allow: CIDRSet?, _ deny: CIDRSet) throws -> [[String]] {
            notes(.ipFilter(IPFilterSettings(allow: allow, deny: deny)), of: try context())
        }
        #expect(
            try said(nil, blocks("192.0.0.0/8", "192.0.2.0/24")) == [["192.0.2.1 is in 192.0.2.0/24, which is denied"]])
        #expect(try said(blocks("192.0.2.1"), blocks()) == [["192.0.2.1 is in 192.0.2.1, which is allowed"]])
        #expect(try said(blocks("10.0.0.0/8"), blocks()) == [["192.0.2.1 is in nothing that is allowed"]])
        #expect(try said(nil, blocks("10.0.0.0/8")) == [["192.0.2.1 is in nothing that is denied"]])
    }

    @Test("how many are left, and how many live")
    func limits() throws {
        let rate = ConnectionRateSettings(rate: Rate(count: 1, period: .seconds(5)), burst: 2)
        let limit = ConnectionLimitSettings(maximum: 3)
        var environment = MiddlewareEnvironment(tokens: TokenAuthority())
        let entries = [MiddlewareSettings.connectionLimit(limit), .connectionRate(rate)].map {
            MiddlewareEntry(settings: $0, position: position)
        }
        let chain = AdmissionChain(entries: entries, name: "listener public", environment: &environment)
        var live: [AdmissionLeases] = []
        func said() throws -> [[String]] {
            var question = AddressQuestion(.v6(0x2001_0db8 << 96), monotonic: 0, trace: ChainTrace())
            if case .success(let leases) = chain.admit(&question) { live.append(leases) }
            #expect(question.leases.isEmpty)
            return try #require(question.trace).steps.map(\.notes)
        }
        #expect(
            try said() == [["1 of 3 live from 2001:db8::/64, with this one"], ["1 more at once from 2001:db8::/64"]])
        #expect(
            try said() == [["2 of 3 live from 2001:db8::/64, with this one"], ["0 more at once from 2001:db8::/64"]])
        #expect(try said()[1] == ["none is left for 2001:db8::/64; the next one in 5 s"])
    }

    @Test("the origin, and what it is measured by")
    func origin() throws {
        let pattern = OriginSettings.Pattern(
            scheme: "https", host: "example.com", port: 443, matchesSubdomains: true)
        func said(_ fields: (String, String)...) throws -> [[String]] {
            notes(.origin(OriginSettings(allow: [pattern])), of: try context("/chat", fields))
        }
        #expect(
            try said(("Origin", "https://a.example.com")) == [
                ["Origin https://a.example.com is https://*.example.com:443"]
            ])
        #expect(try said(("Origin", "null")) == [["Origin null is none of https://*.example.com:443"]])
        #expect(try said() == [["no Origin was sent"]])
    }

    @Test("edits, without what lets its holder in somewhere")
    func headers() throws {
        let edits = HeadersSettings(
            request: .init(
                remove: ["Cookie"],
                set: [("X-IP", try Template(parsing: "${client.ip}")), ("X-Api-Key", try Template(parsing: "s3cret"))]),
            response: .init(add: [("X-Frame", try Template(parsing: "deny"))]))
        #expect(
            notes(.headers(edits), of: try context()) == [
                [
                    "toward the upstream: Cookie removed", "toward the upstream: X-IP set to 192.0.2.1",
                    "toward the upstream: X-Api-Key set to (hidden)", "on the answer: X-Frame added, deny",
                ]
            ])
    }

    @Test("tokens: where it was looked, what was said and what is wanted, and never the token")
    func token() throws {
        let settings = TokenSettings(
            issuers: ["local"], carriers: [.authorization, .cookie("s"), .query("t"), .subprotocol(prefix: "b.")],
            audience: "news", scopes: ["x"])
        let text = try ToyKey.token()
        let asked = try context("/chat?t=\(text)", [("Cookie", "s=\(text)")])
        let said = notes(.token(settings), of: asked, tokens: ToyKey.authority)
        #expect(
            said == [
                [
                    "looks in header Authorization (Bearer): nothing", "looks in cookie s: a token",
                    "looks in query t: a token", "looks in subprotocols with b. in front: nothing",
                    #"the token says iss "portcullis", sub "alice", aud "chat", scope "chat.read", jti "t-1", iat 2023-11-14T22:12:20Z, exp 2023-11-14T22:14:20Z"#,
                    "the route wants an issuer of local, audience news, scopes x",
                ]
            ])
        for part in text.split(separator: ".") { #expect(!said[0].contains { $0.contains(part) }) }
        let broken = notes(.token(settings), of: try context("/chat?t=secret"), tokens: ToyKey.authority)
        #expect(broken[0].last == "what was sent is no token" && !broken[0].contains { $0.contains("secret") })
    }

    @Test("what a token lacks that is refused as malformed")
    func malformed() throws {
        let parts = [
            #"{"alg":"EdDSA","kid":"toy"}"#, #"{"iss":"portcullis","sub":7,"jti":"t-1","iat":1700000000,"nbf":"now"}"#,
        ]
        let signed = parts.map { Base64URL.encode(Array($0.utf8)) }.joined(separator: ".")
        let text = "\(signed).\(Base64URL.encode(ToyKey().sign(Array(signed.utf8))))"
        let settings = TokenSettings(issuers: ["local"], carriers: [.query("t")])
        let said = notes(.token(settings), of: try context("/chat?t=\(text)"), tokens: ToyKey.authority)
        #expect(said[0].suffix(3) == ["it has no `exp`", "its `sub` is no text", "its `nbf` is no number"])
    }

    @Test("nothing is said where nobody follows")
    func untraced() throws {
        var context = try context()
        var isMade = false
        func text() -> String {
            isMade = true
            return "x"
        }
        context.note(text())
        #expect(!isMade && context.trace == nil)
    }
}
