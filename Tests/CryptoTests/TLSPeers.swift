import Crypto
import Testing

/// One side of TLS in memory.
final class TLSPeer {
    private let session: TLSSession
    private let transfer: TLSTransfer
    /// Encrypted bytes that have arrived and were not read yet.
    var incoming: [UInt8] = []
    /// Encrypted bytes for the other side.
    var outgoing: [UInt8] = []
    private(set) var received: [UInt8] = []
    private(set) var isSecure = false
    private(set) var hasEnded = false
    private(set) var error: CryptoError?

    /// What a server knows of its client.
    var clientCertificate: String? { session.clientCertificate() }

    /// What a server knows of its session.
    var version: String { session.version() }
    var isResumed: Bool { session.isResumed() }

    init?(_ transfer: TLSTransfer, _ session: consuming TLSSession?) {
        guard let session else { return nil }
        self.session = session
        self.transfer = transfer
    }

    /// A server's side, with a transfer of its own.
    static func server(_ context: TLSServerContext) throws -> TLSPeer {
        let transfer = TLSTransfer()
        let peer = TLSPeer(transfer, TLSSession.server(context, over: transfer))
        return try #require(peer)
    }

    /// Goes as far as what has arrived allows.
    func advance() {
        let bytes = incoming
        incoming = []
        // The array lives as long as the call, in which the session takes all of it.
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe transfer.withInput(bytes) {
                if !isSecure { shakeHands() }
                if isSecure { readAll() }
            }
        }
        collect()
    }

    private func shakeHands() {
        guard error == nil else { return }
        switch session.handshake() {
        case .complete: isSecure = true
        case .needsInput: break
        case .failed(let error): self.error = error
        }
    }

    private func readAll() {
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while !hasEnded, error == nil {
            // The session writes no more than the buffer holds.
            switch unsafe buffer.withUnsafeMutableBytes({ unsafe session.read(into: $0) }) {
            case .bytes(let count): received += buffer[..<count]
            case .needsInput: return
            case .ended: hasEnded = true
            case .failed(let error): self.error = error
            }
        }
    }

    func write(_ bytes: [UInt8]) -> Bool {
        let isWhole = unsafe bytes.withUnsafeBytes { unsafe session.write($0) }
        collect()
        return isWhole
    }

    func end() {
        session.end()
        collect()
    }

    private func collect() {
        unsafe transfer.takeOutput { unsafe outgoing += $0 }
    }
}

/// A server and a client, and what lies between them.
struct TLSPeers {
    let server: TLSPeer
    let client: TLSPeer

    /// Each side has a transfer of its own, as on two machines.
    init?(_ server: TLSServerContext, _ client: TLSClientContext, host: String) {
        let (near, far) = (TLSTransfer(), TLSTransfer())
        guard let server = TLSPeer(near, TLSSession.server(server, over: near)),
            let client = TLSPeer(far, TLSSession.client(client, host: host, over: far))
        else { return nil }
        self.server = server
        self.client = client
    }

    /// Carries bytes both ways, at most `size` at once, until there are none.
    func run(pieces size: Int = .max) {
        client.advance()
        while !client.outgoing.isEmpty || !server.outgoing.isEmpty {
            for (from, to) in [(client, server), (server, client)] {
                var bytes = from.outgoing[...]
                from.outgoing = []
                while !bytes.isEmpty {
                    to.incoming += bytes.prefix(size)
                    bytes = bytes.dropFirst(size)
                    to.advance()
                }
            }
        }
    }
}
