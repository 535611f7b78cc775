import ArgumentParser
import Crypto
import Foundation

struct CertificateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate",
        abstract: "Make a development authority and server certificate.",
        discussion: """
            Writes ca.pem (for clients to trust), server.pem (server and authority, as listeners want it) and server.key \
            (mode 0600). Nothing is overwritten. They are for development: valid for \(DevelopmentCertificate.validDays) \
            days, and the authority's key is thrown away.

              portcullis certificate --host localhost --host chat.example.com
            """)

    @Option(help: ArgumentHelp("The folder to write to; made where missing.", valueName: "dir"))
    var out = "certs"

    @Option(help: "A DNS name or IP address of the server. Repeatable. (default: localhost, 127.0.0.1, ::1)")
    var host: [String] = []

    @Flag(help: "Do nothing, and succeed, where all three files are there.")
    var ifMissing = false

    func run() throws {
        let names = ["ca.pem", "server.pem", "server.key"]
        let existing = names.filter { FileManager.default.fileExists(atPath: path($0)) }
        if ifMissing, existing == names { return }
        guard existing.isEmpty else {
            let (exist, them) = existing.count == 1 ? ("exists", "it") : ("exist", "them")
            throw Console.failure(
                "\(existing.map(path).joined(separator: ", ")) \(exist), and nothing is overwritten; "
                    + "remove \(them), or name another folder with --out")
        }
        try telling {
            let made = try DevelopmentCertificate.make(hosts: host.isEmpty ? ["localhost", "127.0.0.1", "::1"] : host)
            try NewFiles.write(
                [
                    NewFiles.File(path: path("ca.pem"), contents: made.authorityPEM, mode: 0o644),
                    NewFiles.File(path: path("server.pem"), contents: made.chainPEM, mode: 0o644),
                    NewFiles.File(path: path("server.key"), contents: made.privateKeyPEM, mode: 0o600),
                ], folder: out)
        }
        try Console.answer(lines: [
            "\(path("ca.pem"))      the authority, for clients to trust",
            "\(path("server.pem"))  the server's chain",
            "\(path("server.key"))  the server's private key",
        ])
    }

    private func path(_ name: String) -> String {
        out.hasSuffix("/") ? out + name : "\(out)/\(name)"
    }
}
