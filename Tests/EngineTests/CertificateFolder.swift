import Crypto
import Foundation

/// Certificates of a test's own, in a folder that goes with it.
final class CertificateFolder {
    private let path: String
    var authority: String { path + "/ca.pem" }
    var certificate: TLSServerContext.Certificate {
        TLSServerContext.Certificate(chainFile: path + "/server.pem", keyFile: path + "/server.key")
    }

    init(hosts: [String]) throws {
        path = NSTemporaryDirectory() + "portcullis-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let files = try DevelopmentCertificate.make(hosts: hosts)
        for (name, text) in [
            ("ca.pem", files.authorityPEM), ("server.pem", files.chainPEM), ("server.key", files.privateKeyPEM),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path + "/" + name)
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
