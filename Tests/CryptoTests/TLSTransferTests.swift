import Crypto
import Testing

@Suite struct TLSTransferTests {
    @Test("what is taken is gone, and nothing is there before anything is written")
    func takes() throws {
        let folder = try CertificateFolder(hosts: ["localhost"])
        let context = try TLSClientContext(authorityFile: folder.authority)
        let transfer = TLSTransfer()
        #expect(transfer.outputCount == 0)
        guard let session = TLSSession.client(context, host: "localhost", over: transfer) else {
            Issue.record("no session")
            return
        }
        _ = session.handshake()
        let count = transfer.outputCount
        #expect(count > 0)
        #expect(unsafe transfer.takeOutput { $0.count } == count)
        #expect(transfer.outputCount == 0)
        #expect(unsafe transfer.takeOutput { $0.count } == 0)
    }

    @Test("a window is lent for one call alone")
    func window() throws {
        let transfer = TLSTransfer()
        let bytes: [UInt8] = [1, 2, 3]
        let result = unsafe bytes.withUnsafeBytes { unsafe transfer.withInput($0) { 5 } }
        #expect(result == 5)
    }
}
