import CAllocationCount
import COpenSSL
import Crypto
import Testing

@Suite struct HandshakeMemoryTests {
    private static let rounds = 6
    private static let handshakes = 500

    @Test(
        "H32 3,000 handshakes leave nothing behind, full and resumed",
        arguments: [TLS1_2_VERSION, TLS1_3_VERSION], [false, true])
    func flat(version: Int32, showsCertificate: Bool) throws {
        let folder = try CertificateFolder(hosts: ["localhost"])
        let authority = try ClientAuthority()
        let keys = TicketKeys(now: 0)
        let demand = TLSServerContext.ClientCertificates(authorityFile: authority.file, mode: .require)
        let door = Doorway(
            context: try TLSServerContext(
                certificates: [folder.certificate, folder.certificate],
                clientCertificates: showsCertificate ? demand : nil, ticketKeys: keys))
        let identity = showsCertificate ? try authority.identity("alice") : nil
        var growth: [Int64] = []
        var resumed = 0
        for round in 0..<Self.rounds {
            let before = allocated_bytes()
            for _ in 0..<(Self.handshakes / 2) {
                let first = try door.connect(version, identity: identity)
                let second = try door.connect(version, identity: identity, resuming: first.session)
                if second.client.isResumed { resumed += 1 }
            }
            growth.append(allocated_bytes() - before)
            _ = keys.rotate(now: Int64(round + 1) * TicketKeys.period)
        }
        #expect(resumed == Self.rounds * Self.handshakes / 2)
        // The first round fills what is filled once.
        for bytes in growth.dropFirst() { #expect(abs(bytes) < 4096, "\(growth)") }
    }
}
