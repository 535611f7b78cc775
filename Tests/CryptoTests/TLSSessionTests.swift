import Crypto
import Testing

@Suite struct TLSSessionTests {
    private let folder: CertificateFolder
    private let context: TLSServerContext
    private let trusted: TLSClientContext

    init() throws {
        folder = try CertificateFolder(hosts: ["localhost", "127.0.0.1", "::1", "*.example.com"])
        context = try TLSServerContext(certificates: [folder.certificate])
        trusted = try TLSClientContext(authorityFile: folder.authority)
    }

    private func peers(host: String = "localhost", _ client: TLSClientContext? = nil) throws -> TLSPeers {
        try #require(TLSPeers(context, client ?? trusted, host: host))
    }

    @Test("data both ways, however the bytes are cut", arguments: [1, 2, 3, 100, 5000, Int.max])
    func splits(pieces: Int) throws {
        let peers = try peers()
        peers.run(pieces: pieces)
        #expect(peers.server.isSecure && peers.client.isSecure)
        let data = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        #expect(peers.client.write(Array("hello".utf8)))
        #expect(peers.server.write(data))
        #expect(peers.client.write([1]))
        peers.run(pieces: pieces)
        #expect(peers.server.received == Array("hello".utf8) + [1])
        #expect(peers.client.received == data)
        #expect(peers.server.error == nil && peers.client.error == nil)
        #expect(!peers.server.hasEnded && !peers.client.hasEnded)
    }

    @Test("1 MiB in one write arrives whole")
    func large() throws {
        let peers = try peers()
        peers.run()
        let data = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(peers.server.write(data))
        peers.run(pieces: 4096)
        #expect(peers.client.received == data)
    }

    @Test("nothing to write is nothing on the wire")
    func empty() throws {
        let peers = try peers()
        peers.run()
        #expect(peers.server.write([]))
        #expect(peers.server.outgoing.isEmpty)
    }

    @Test("close_notify is an end, behind all that was sent; the other direction goes on")
    func end() throws {
        let peers = try peers()
        peers.run()
        #expect(peers.server.write([1, 2]))
        peers.server.end()
        peers.run(pieces: 1)
        #expect(peers.client.received == [1, 2] && peers.client.hasEnded && peers.client.error == nil)
        #expect(peers.client.write([3]))
        peers.client.end()
        peers.run()
        #expect(peers.server.received == [3] && peers.server.hasEnded)
        #expect(!peers.server.write([4]))
    }

    @Test("a certificate is for its hosts", arguments: ["localhost", "127.0.0.1", "::1", "a.example.com", "LOCALHOST"])
    func host(name: String) throws {
        let peers = try peers(host: name)
        peers.run()
        #expect(peers.client.isSecure && peers.client.error == nil)
    }

    @Test("and for no other", arguments: ["example.com", "a.b.example.com", "127.0.0.2", "localhost.example.org"])
    func otherHost(name: String) throws {
        let peers = try peers(host: name)
        peers.run()
        let error = try #require(peers.client.error)
        #expect(["hostname mismatch", "IP address mismatch"].contains(error.reason))
        #expect(!peers.client.isSecure && !peers.server.isSecure)
        // The client says so before it goes, and the server has it from there.
        #expect(peers.server.error != nil)
    }

    @Test("an authority that is not trusted is refused")
    func untrusted() throws {
        let other = try CertificateFolder(hosts: ["localhost"])
        let peers = try peers(TLSClientContext(authorityFile: other.authority))
        peers.run()
        #expect(peers.client.error != nil && !peers.client.isSecure && !peers.server.isSecure)
    }

    @Test(
        "what is not TLS is an error, on either side, whole or a byte at a time",
        arguments: [
            Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8), Array(repeating: 0, count: 100),
            Array(repeating: 0xff, count: 20_000), [0x16, 3, 1, 0xff, 0xff] + Array(repeating: 1, count: 70_000),
        ] as [[UInt8]])
    func garbage(bytes: [UInt8]) throws {
        for size in [1, bytes.count] {
            let peers = try peers()
            for start in stride(from: 0, to: bytes.count, by: size) {
                peers.server.incoming = Array(bytes[start..<min(bytes.count, start + size)])
                peers.server.advance()
            }
            let error = try #require(peers.server.error)
            #expect(error.operation == "complete the TLS handshake" && !error.reason.isEmpty && !peers.server.isSecure)
            peers.client.advance()
            peers.client.incoming = bytes
            peers.client.advance()
            #expect(peers.client.error != nil && !peers.client.isSecure)
        }
    }

    @Test("a record that was changed on its way is an error, and none of it is read")
    func tampered() throws {
        let peers = try peers()
        peers.run()
        #expect(peers.client.write(Array(repeating: 1, count: 100)))
        peers.client.outgoing[20] ^= 1
        peers.run()
        #expect(peers.server.error?.operation == "read TLS" && peers.server.received.isEmpty)
        // The error is this session's alone: others on the thread go on.
        let others = try self.peers()
        others.run()
        #expect(others.client.isSecure && others.server.error == nil)
    }

    @Test("many sessions share one transfer without meeting")
    func shared() throws {
        let transfer = TLSTransfer()
        let servers = try (0..<3).map { _ in
            guard let peer = TLSPeer(transfer, TLSSession.server(context, over: transfer)) else {
                throw CryptoError(operation: "make a session", reason: "")
            }
            return peer
        }
        let clients = try (0..<3).map { _ in
            guard let peer = TLSPeer(transfer, TLSSession.client(trusted, host: "localhost", over: transfer)) else {
                throw CryptoError(operation: "make a session", reason: "")
            }
            return peer
        }
        for client in clients { client.advance() }
        for _ in 0..<6 {
            for (server, client) in zip(servers, clients) {
                for (from, to) in [(client, server), (server, client)] {
                    to.incoming += from.outgoing
                    from.outgoing = []
                    to.advance()
                }
            }
        }
        for (index, client) in clients.enumerated() {
            #expect(client.isSecure && client.write([UInt8(index)]))
        }
        for (index, (server, client)) in zip(servers, clients).enumerated() {
            server.incoming += client.outgoing
            server.advance()
            #expect(server.received == [UInt8(index)])
        }
    }
}
