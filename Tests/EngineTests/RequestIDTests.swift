import Testing

@testable import Engine

@Suite struct RequestIDTests {
    @Test("32 hexadecimal digits, never the same")
    func form() {
        var random = RandomPool()
        let ids = (0..<600).map { _ in RequestID.make(&random) }
        #expect(Set(ids).count == 600)
        #expect(ids.allSatisfy { $0.utf8.count == 32 && $0.allSatisfy { $0.isHexDigit && !$0.isUppercase } })
    }
}
