import Crypto
import Testing

@Suite struct TLSClientContextTests {
    @Test("the system's authorities are there, and do not know ours")
    func system() throws {
        let folder = try CertificateFolder(hosts: ["localhost"])
        let context = try TLSServerContext(certificates: [folder.certificate])
        let peers = try #require(TLSPeers(context, TLSClientContext(authorityFile: nil), host: "localhost"))
        peers.run()
        #expect(peers.client.error != nil && !peers.client.isSecure)
    }

    @Test("an authority's file that is missing or holds none is named")
    func files() throws {
        let folder = try CertificateFolder(hosts: ["localhost"])
        let absent = folder.path + "/absent.pem"
        let missing = #expect(throws: CryptoError.self) { try TLSClientContext(authorityFile: absent) }
        #expect(missing?.description == "cannot load authority \(absent): No such file or directory")
        let empty = try folder.write("", to: "empty.pem")
        let none = #expect(throws: CryptoError.self) { try TLSClientContext(authorityFile: empty) }
        #expect(none?.operation == "load authority \(empty)")
    }
}
