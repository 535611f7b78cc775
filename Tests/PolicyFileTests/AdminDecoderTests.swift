import PolicyModel
import Testing

@testable import PolicyFile

struct AdminDecoderTests {
    @Test(
        "the door for operators",
        arguments: PolicyCase.table(
            .admin,
            #"""
            == an address and a file
            address: 127.0.0.1:9901
            token_file: secrets/admin.token
            ----
            127.0.0.1:9901 secrets/admin.token
            == the other loopback
            address: "[::1]:0"
            token_file: t
            ----
            [::1]:0 t
            == for everybody
            address: 0.0.0.0:9901
            token_file: t
            ----
            1:10: error: `address` must be of this machine alone, such as 127.0.0.1:9901 or [::1]:9901, not 0.0.0.0:9901: whoever reaches it may close connections; from elsewhere use a tunnel
            == without a token, misspelt
            adress: 127.0.0.1:9901
            ----
            1:1: error: `admin` needs `token_file`, such as `token_file: admin.token`
            1:1: error: unknown key `adress` in `admin`; did you mean `address`?
            """#))
    func admin(_ policy: PolicyCase) {
        policy.check()
    }

    @Test("one file of a policy has it")
    func twice() {
        let text = "admin: { address: 127.0.0.1:1, token_file: t }"
        let sources = ["a", "b"].map { PolicySource(name: $0, bytes: Array(text.utf8)) }
        let messages = PolicyLoader.decode(sources).diagnostics.map(\.description)
        #expect(
            messages.contains("b:1:8: error: `admin` stands in two files, first at a:1:8; keep it in one of them"))
    }
}
