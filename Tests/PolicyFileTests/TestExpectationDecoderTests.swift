import Testing

@testable import PolicyFile

struct TestExpectationDecoderTests {
    @Test(
        "what is expected of a handshake",
        arguments: TestFileCase.table(
            .testExpectation,
            #"""
            == a word
            refused
            ----
            t:
            h/
            -> refused(reason: nil)
            == of who is admitted
            admitted: chat
            headers: { X-User: alice, Cookie: null, X-ID: true, X-No: false }
            response_headers: { HSTS: "1" }
            path: /chat?x=1
            subprotocols: []
            subject: alice
            shadow: [origin-denied]
            ----
            t:
            h/
            -> admitted, route chat, X-User: exactly("alice"), Cookie: absent, X-ID: present, X-No: absent, response HSTS: exactly("1"), path /chat?x=1, subprotocols [], subject alice, shadow ["origin-denied"]
            == of who is refused
            { refused: office-hours-closed, status: 403, route: chat, response_headers: { Retry-After: "6" }, shadow: [] }
            ----
            t:
            h/
            -> refused(reason: Optional("office-hours-closed")), route chat, status 403, response Retry-After: exactly("6"), shadow []
            == a reason alone
            origin-denied
            ----
            1:1: write `expect: { refused: origin-denied }`
            == what does not go together
            { admitted: a, refused: ip-denied, headers: { A: b } }
            ----
            1:16: `expect` is `admitted` or `refused`; remove one of them
            1:36: `headers` is of handshakes that are admitted, and this one is refused
            == of nothing
            { path: /x }
            ----
            1:1: `expect` needs `admitted: ROUTE` or `refused: REASON`
            == a status of nothing
            { status: 403 }
            ----
            1:3: `status` is of handshakes that are refused; write `refused: REASON` beside it
            == a route twice
            { admitted: a, route: a }
            ----
            1:16: `admitted` names the route already; remove `route`
            == unknown
            { refused: nonsense-altogether, shadow: [ip-denid], status: 200, headres: {} }
            ----
            1:12: there is no reason `nonsense-altogether`; they are those of the audit log, such as `origin-denied`
            1:66: unknown key `headres` in `expect`; did you mean `headers`?
            """#))
    func expectation(_ test: TestFileCase) {
        test.check()
    }
}
