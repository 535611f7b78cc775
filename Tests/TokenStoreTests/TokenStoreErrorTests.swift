import Testing
import TokenStore

@Suite struct TokenStoreErrorTests {
    @Test func description() {
        let error = TokenStoreError(
            .busy, path: "state/tokens.sqlite", what: "another process is writing to it", advice: "try again")
        #expect("\(error)" == "state/tokens.sqlite: another process is writing to it; try again")
        #expect("\(TokenStoreError(.damaged, path: "p", what: "is not a file"))" == "p: is not a file")
    }

    @Test("errors hold neither values nor statements with values")
    func noSecrets() throws {
        let state = try TemporaryState()
        let store = try state.store()
        try store.record(.example("t1"))
        let error = #expect(throws: TokenStoreError.self) {
            try store.record(.example("t1", subject: "secret-subject"))
        }
        #expect(error.map { "\($0)".contains("secret-subject") } == false)
    }
}
