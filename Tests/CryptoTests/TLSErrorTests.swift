import Crypto
import Testing

@Suite struct TLSErrorTests {
    @Test("says what was tried and why it failed")
    func description() {
        #expect(
            "\(TLSError(operation: "load certificate a.pem", reason: "no start line"))"
                == "load certificate a.pem: no start line")
    }
}
