import Crypto
import Foundation
import Glibc
import Testing

@Suite struct CertificateDatesTests {
    private let folder: CertificateFolder

    init() throws { folder = try CertificateFolder(hosts: ["localhost"]) }

    @Test("the whole chain, leaf first, with subjects and dates")
    func chain() throws {
        let dates = try CertificateDates.ofChain(folder.certificate)
        #expect(
            dates.map(\.subject) == [
                "CN=Portcullis development server,O=Portcullis", "CN=Portcullis development authority,O=Portcullis",
            ])
        let now = Int(Date().timeIntervalSince1970)
        for one in dates {
            #expect(one.notAfter - one.notBefore == DevelopmentCertificate.validDays * 86_400)
            #expect((one.notBefore...one.notAfter).contains(now))
        }
        #expect(try CertificateDates.ofAuthorities(folder.authority).map(\.subject) == [dates[1].subject])
        #expect(throws: Never.self) { try CertificateDates.checkServiceAuthorities(folder.authority) }
    }

    @Test("files that no listener could be made of, in the words of one")
    func refused() throws {
        let other = try CertificateFolder(hosts: ["localhost"])
        let (good, absent) = (folder.certificate, folder.path + "/absent.pem")
        for pair in [
            TLSServerContext.Certificate(chainFile: absent, keyFile: good.keyFile),
            .init(chainFile: good.chainFile, keyFile: absent),
            .init(chainFile: good.chainFile, keyFile: other.certificate.keyFile),
            .init(chainFile: try folder.write("not PEM\n", to: "text.pem"), keyFile: good.keyFile),
        ] {
            let here = #expect(throws: CryptoError.self) { try CertificateDates.ofChain(pair) }
            let there = #expect(throws: CryptoError.self) { try TLSServerContext(certificates: [pair]) }
            #expect(here?.description == there?.description && here != nil)
        }
        let authority = #expect(throws: CryptoError.self) { try CertificateDates.ofAuthorities(absent) }
        #expect(authority?.description == "cannot load authority \(absent): No such file or directory")
        #expect(throws: CryptoError.self) { try CertificateDates.ofAuthorities(good.keyFile) }
        #expect(throws: CryptoError.self) { try CertificateDates.checkServiceAuthorities(absent) }
    }

    @Test("a FIFO is refused, and not waited for", .timeLimit(.minutes(1)))
    func fifo() throws {
        let fifo = folder.path + "/fifo"
        let made = unsafe mkfifo(fifo, 0o600)
        #expect(made == 0)
        for pair in [
            TLSServerContext.Certificate(chainFile: fifo, keyFile: folder.certificate.keyFile),
            .init(chainFile: folder.certificate.chainFile, keyFile: fifo),
        ] {
            let error = #expect(throws: CryptoError.self) { try CertificateDates.ofChain(pair) }
            #expect(error?.reason == "it is not a regular file")
        }
        let authority = #expect(throws: CryptoError.self) { try CertificateDates.ofAuthorities(fifo) }
        #expect(authority?.description == "cannot load authority \(fifo): it is not a regular file")
        #expect(throws: CryptoError.self) { try CertificateDates.checkServiceAuthorities(fifo) }
    }
}
