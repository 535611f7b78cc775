import Testing

@testable import Engine

@Suite struct RequestIDTests {
    @Test("32 hexadecimal digits, never the same")
    func form() {
        let ids = (0..<200).map { _ in RequestID.make() }
        #expect(Set(ids).count == 200)
        #expect(ids.allSatisfy { $0.utf8.count == 32 && $0.allSatisfy { $0.isHexDigit && !$0.isUppercase } })
    }
}
