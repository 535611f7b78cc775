import Glibc
import Testing

@testable import Engine

@Suite struct SystemErrorTests {
    @Test("says what was tried and why it failed")
    func description() {
        #expect("\(SystemError("bind 0.0.0.0:443", code: EACCES))" == "bind 0.0.0.0:443: Permission denied")
    }
}
