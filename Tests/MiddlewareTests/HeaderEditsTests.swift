import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

private func edits(
    remove: [String] = [], set: [(String, String)] = [], add: [(String, String)] = []
) throws -> HeadersSettings.Edits {
    HeadersSettings.Edits(
        remove: remove, set: try set.map { (name: $0.0, value: try Template(parsing: $0.1)) },
        add: try add.map { (name: $0.0, value: try Template(parsing: $0.1)) })
}

private func lines(_ headers: HeaderFields) -> [String] { headers.fields.map { "\($0.name): \($0.value)" } }

private let token = MiddlewareSettings.token(
    TokenSettings(issuers: ["local"], carriers: [.authorization]))

@Suite struct HeaderEditsTests {
    @Test("remove, set and add, toward upstream and client")
    func order() throws {
        let settings = HeadersSettings(
            request: try edits(
                remove: ["Cookie", "X-Gone"], set: [("X-Client-IP", "${client.ip}"), ("X-Gone", "back")],
                add: [("Via", "portcullis"), ("X-Request-ID", "<${request.id}>")]),
            response: try edits(
                remove: ["Server"], set: [("Strict-Transport-Security", "max-age=1")],
                add: [("X-A", "1"), ("X-A", "2")]))
        let context = try context(
            "/chat", [("Cookie", "a=b"), ("x_gone", "1"), ("Via", "other"), ("x-client-ip", "6.6.6.6")])
        let admitted = try #require(chain(.headers(settings)).admit(context).admitted)
        #expect(
            lines(admitted.upstreamHeaders) == [
                "Via: other", "X-Client-IP: 192.0.2.1", "X-Gone: back", "Via: portcullis", "X-Request-ID: <r-1>",
            ])
        var answer = HeaderFields([HeaderField(name: "Server", value: "x"), HeaderField(name: "X-A", value: "0")])
        for edit in admitted.responseEdits { edit.apply(to: &answer) }
        #expect(lines(answer) == ["X-A: 0", "Strict-Transport-Security: max-age=1", "X-A: 1", "X-A: 2"])
    }

    @Test("variables of the token; empty without one")
    func variables() throws {
        let settings = MiddlewareSettings.headers(
            HeadersSettings(
                request: try edits(set: [
                    ("X-Subject", "${token.subject}"), ("X-ID", "${token.id}"), ("X-Team", "${token.claims.team}"),
                    ("X-None", "[${token.claims.none}]"),
                ])))
        let carried = try ToyKey.token(other: ["team": .string("red")])
        let with = chain(token, settings, tokens: ToyKey.authority).admit(
            try context("/chat", [("Authorization", "Bearer \(carried)")]))
        #expect(
            lines(try #require(with.admitted).upstreamHeaders).dropFirst() == [
                "X-Subject: alice", "X-ID: t-1", "X-Team: red", "X-None: []",
            ])
        let without = chain(settings).admit(try context())
        #expect(lines(try #require(without.admitted).upstreamHeaders).first == "X-Subject: ")
    }

    @Test(
        "H10 the client's certificate, which no client can put in its own words",
        arguments: ["CN=alice,O=Example", nil])
    func certificate(subject: String?) throws {
        let settings = HeadersSettings(request: try edits(set: [("X-Client-Cert", "${client.certificate}")]))
        let context = try context(
            "/chat", [("X-Client-Cert", "CN=root"), ("x_client_cert", "CN=root")], certificate: subject)
        let admitted = try #require(chain(.headers(settings)).admit(context).admitted)
        #expect(lines(admitted.upstreamHeaders) == ["X-Client-Cert: \(subject ?? "")"])
    }

    @Test("H9 Connection cannot name away what a policy sets")
    func connection() throws {
        let settings = HeadersSettings(request: try edits(set: [("X-Auth-Subject", "policy")]))
        let context = try context(
            "/chat", [("Connection", "X-Auth-Subject"), ("X-Auth-Subject", "client"), ("connection", "close")])
        let admitted = try #require(chain(.headers(settings)).admit(context).admitted)
        #expect(lines(admitted.upstreamHeaders) == ["X-Auth-Subject: policy"])
    }

    @Test("H10 no spelling of a header that a policy sets comes from the client")
    func equivalent() throws {
        let settings = HeadersSettings(request: try edits(set: [("X-Auth-Subject", "policy")]))
        let context = try context(
            "/chat",
            [
                ("X_Auth_Subject", "a"), ("x-auth_subject", "b"), ("X-AUTH-SUBJECT", "c"), ("X-Auth-Subject", "d"),
                ("X-Auth-Subjects", "e"),
            ])
        let admitted = try #require(chain(.headers(settings)).admit(context).admitted)
        #expect(lines(admitted.upstreamHeaders) == ["X-Auth-Subjects: e", "X-Auth-Subject: policy"])
    }

    @Test("what two entries set stays from both")
    func twoEntries() throws {
        let first = HeadersSettings(request: try edits(set: [("X-A", "1")]))
        let second = HeadersSettings(request: try edits(set: [("X-B", "2")], add: [("X-A", "3")]))
        let admitted = try #require(
            chain(.headers(first), .headers(second)).admit(try context("/chat", [("X-B", "0")])).admitted)
        #expect(lines(admitted.upstreamHeaders) == ["X-A: 1", "X-B: 2", "X-A: 3"])
    }

    @Test(
        "white space at the ends of what is filled in, which a reader would leave out, is refused",
        arguments: ["admin ", " admin", "admin\t", "\tadmin", " "])
    func outerSpace(_ subject: String) throws {
        func admit(_ template: String) throws -> ChainOutcome {
            let settings = MiddlewareSettings.headers(HeadersSettings(request: try edits(set: [("X-S", template)])))
            let carried = try ToyKey.token(subject: subject)
            return chain(token, settings, tokens: ToyKey.authority).admit(
                try context("/chat", [("Authorization", "Bearer \(carried)")]))
        }
        #expect(try admit("${token.subject}").reason == .malformedRequest)
        #expect(try admit("<${token.subject}>").admitted?.upstreamHeaders.first("X-S") == "<\(subject)>")
        #expect(try admit(" x ").admitted?.upstreamHeaders.first("X-S") == " x ")
        #expect(try admit("x ${token.claims.none}").admitted?.upstreamHeaders.first("X-S") == "x ")
    }

    @Test(
        "H12 a claim with a control character is refused",
        arguments: ["a\r\nX-Admin: 1", "a\n", "\r", "a\0b", "\u{1}", "\u{7f}"])
    func injection(_ subject: String) throws {
        for edits in [try edits(set: [("X-S", "${token.subject}")]), try edits(add: [("X-S", "${token.claims.x}")])] {
            for settings in [HeadersSettings(request: edits), HeadersSettings(response: edits)] {
                let carried = try ToyKey.token(subject: subject, other: ["x": .string(subject)])
                let outcome = chain(token, .headers(settings), tokens: ToyKey.authority).admit(
                    try context("/chat", [("Authorization", "Bearer \(carried)")]))
                #expect(outcome.reason == .malformedRequest)
            }
        }
    }
}
