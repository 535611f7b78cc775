import COpenSSL
import Foundation

@testable import Crypto

/// An authority for clients, and certificates that it has signed.
final class ClientAuthority {
    /// The authority's own certificate.
    let file: String
    private let folder: CertificateFolder
    private let key: KeyHandle
    private let certificate: CertificateBuilder

    init(_ name: String = "authority") throws {
        folder = try CertificateFolder(hosts: ["unused.example"])
        key = try Self.key()
        certificate = try CertificateBuilder.make(commonName: name, key: key, validDays: 10)
        try certificate.setIssuer(certificate)
        try certificate.add(NID_basic_constraints, "critical,CA:TRUE", issuer: certificate)
        try certificate.add(NID_key_usage, "critical,keyCertSign", issuer: certificate)
        try certificate.sign(with: key)
        file = try folder.write(certificate.pem(), to: "authority.pem")
    }

    private static func key() throws -> KeyHandle {
        // The context is alive during the call.
        try unsafe KeyHandle.generate("EC") { unsafe EVP_PKEY_CTX_set_group_name($0, "P-256") }
    }

    /// A certificate of its for a client of that name; 0 days are over already.
    func identity(_ name: String, validDays: Int = 10, purpose: String = "clientAuth") throws -> ClientIdentity {
        let own = try Self.key()
        let leaf = try CertificateBuilder.make(commonName: name, key: own, validDays: validDays)
        try leaf.setIssuer(certificate)
        try leaf.add(NID_basic_constraints, "critical,CA:FALSE", issuer: certificate)
        try leaf.add(NID_ext_key_usage, purpose, issuer: certificate)
        try leaf.sign(with: key)
        let base = UUID().uuidString
        // Key and sink are alive during the call.
        let pem = try unsafe MemorySink.text("write a key") {
            unsafe PEM_write_bio_PKCS8PrivateKey($0, own.pointer, nil, nil, 0, nil, nil)
        }
        return ClientIdentity(
            authority: self, certificateFile: try folder.write(leaf.pem(), to: base + ".pem"),
            keyFile: try folder.write(pem, to: base + ".key"))
    }
}

/// What a client shows of itself.
struct ClientIdentity {
    /// Whose folder holds the files.
    let authority: ClientAuthority
    let certificateFile: String
    let keyFile: String
}
