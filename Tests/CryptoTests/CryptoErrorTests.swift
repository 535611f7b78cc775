import COpenSSL
import Crypto
import Testing

@Suite struct CryptoErrorTests {
    @Test func description() {
        #expect("\(CryptoError(operation: "sign", reason: ""))" == "cannot sign")
        #expect("\(CryptoError(operation: "sign", reason: "no key"))" == "cannot sign: no key")
    }

    @Test("OpenSSL's reason is told, and its queue is empty afterwards: TLS calls of this thread would read it")
    func queue() throws {
        let error = #expect(throws: CryptoError.self) { try Ed25519PrivateKey(rawRepresentation: [1]) }
        #expect(error?.reason.isEmpty == false)
        #expect(ERR_peek_error() == 0)
        let key = try Ed25519PrivateKey.generate()
        #expect(!key.publicKey.isValid([UInt8](repeating: 0xFF, count: 64), for: [1]))
        #expect(ERR_peek_error() == 0)
    }
}
