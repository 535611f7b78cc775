import Crypto
import Foundation

/// Certificates of a test's own, in a folder that goes with it.
final class CertificateFolder {
    let path: String
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
            try write(text, to: name)
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file, and gives its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
        return path + "/" + name
    }
}
