import Testing

@testable import PolicyFile

struct ScalarDecoderTests {
    @Test(
        "texts and numbers",
        arguments: PolicyCase.table(
            .route,
            #"""
            == texts of other kinds
            match: { path: 7 }
            upstream:
            middleware: [{ token: { issuers: [local], audience: { strip: true } } }]
            ----
            1:16: error: `path` must begin with `/`, not be `7`; write `/7`
            2:10: error: `upstream` has no value
            3:53: error: `audience` must be a text, not a mapping
            == numbers of other kinds
            match: { path: / }
            upstream: echo
            public: true
            limits: { fragments: many }
            ----
            4:22: error: `fragments` must be a whole number from 1 to 1000000, not `many`
            == long text in a message
            match: { path: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx }
            upstream: echo
            public: true
            ----
            1:16: error: `path` must begin with `/`, not be `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`; write `/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`
            """#))
    func scalars(_ policy: PolicyCase) { policy.check() }
}
