import PolicyModel
import Testing
import WebSocketProtocol

@testable import Middleware

private func answer(_ status: Int, _ fields: (String, String)...) -> AuthorizationAnswer {
    AuthorizationAnswer(
        status: status, headers: HeaderFields(fields.map { HeaderField(name: $0.0, value: $0.1) }))
}

private func settings() -> AuthorizeSettings {
    var settings = authorizeSettings()
    settings.copiedResponseHeaders = ["X-User", "X-Roles"]
    settings.subjectHeader = "X-Subject"
    return settings
}

@Suite struct AuthorizationGrantTests {
    @Test("2xx admits, with the fields that are copied and the subject", arguments: [200, 204, 299])
    func admits(_ status: Int) throws {
        let grant = try AuthorizationGrant(
            answer(
                status, ("x-user", "alice"), ("X-Roles", "a"), ("X-ROLES", "b"), ("X_User", "bob"),
                ("Set-Cookie", "a=b"), ("X-Subject", "alice@example.com"), ("X-Subject", "alice@example.com")),
            settings())
        #expect(
            grant.fields == [
                HeaderField(name: "X-User", value: "alice"), HeaderField(name: "X-Roles", value: "a"),
                HeaderField(name: "X-Roles", value: "b"),
            ])
        #expect(grant.subject == "alice@example.com")
        #expect(grant.bytes > 0)
    }

    @Test("a service that names nobody names nobody")
    func noSubject() throws {
        #expect(try AuthorizationGrant(answer(200), settings()).subject == nil)
        #expect(try AuthorizationGrant(answer(200, ("X-Subject", "")), settings()).subject == nil)
    }

    @Test(
        "H38 what does not clearly admit does not admit",
        arguments: [
            (401, RefusalReason.authorizationRequired), (403, .authorizationDenied),
            (100, .authorizationUnavailable), (101, .authorizationUnavailable), (199, .authorizationUnavailable),
            (300, .authorizationUnavailable), (302, .authorizationUnavailable), (400, .authorizationUnavailable),
            (404, .authorizationUnavailable), (407, .authorizationUnavailable), (429, .authorizationUnavailable),
            (500, .authorizationUnavailable), (0, .authorizationUnavailable),
        ])
    func refuses(_ status: Int, _ reason: RefusalReason) {
        #expect(throws: Refusal(reason)) { try AuthorizationGrant(answer(status), settings()) }
    }

    @Test("no answer admits nobody")
    func nothing() {
        #expect(throws: Refusal(.authorizationUnavailable)) { try AuthorizationGrant(nil, settings()) }
    }

    @Test(
        "H12 a value that may not stand in a header is no answer",
        arguments: [
            ("X-User", "a\rb"), ("X-User", "a\nX-Admin: 1"), ("X-Roles", "a\0"), ("X-User", "a\u{7f}"),
            ("X-User", "Jos\u{fffd}"), ("X-User", String(repeating: "a", count: 8193)), ("X-Subject", "a\tb\r"),
            ("X-Subject", String(repeating: "a", count: 1025)),
        ])
    func insane(_ name: String, _ value: String) {
        #expect(throws: Refusal(.authorizationUnavailable)) {
            try AuthorizationGrant(answer(200, (name, value)), settings())
        }
    }

    @Test("two subjects are no answer")
    func twoSubjects() {
        #expect(throws: Refusal(.authorizationUnavailable)) {
            try AuthorizationGrant(answer(200, ("X-Subject", "a"), ("x-subject", "b")), settings())
        }
    }

    @Test("of the challenges of a 401 those that are sane are passed on, and not any number of them")
    func challenges() {
        let long = String(repeating: "a", count: 1025)
        let answer = answer(
            401, ("WWW-Authenticate", "Basic realm=\"x\""), ("WWW-Authenticate", "a\r\nb"),
            ("WWW-Authenticate", long), ("WWW-Authenticate", ""), ("www-authenticate", "1"),
            ("WWW-Authenticate", "2"), ("WWW-Authenticate", "3"), ("WWW-Authenticate", "4"))
        let expected = Refusal(.authorizationRequired, challenges: ["Basic realm=\"x\"", "1", "2", "3"])
        #expect(throws: expected) { try AuthorizationGrant(answer, settings()) }
    }
}
