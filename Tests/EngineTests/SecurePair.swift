import Crypto

@testable import Engine

/// A server and a client of one worker, over TLS, each with what it has received.
final class SecurePair {
    let worker: Worker
    let server: (channel: Channel, owner: Recorder)
    let client: (channel: Channel, owner: Recorder)
    private let folder: CertificateFolder
    private let context: TLSServerContext

    init(_ worker: Worker? = nil, clientTrusts authority: String? = nil) throws {
        let worker = try worker ?? Worker()
        folder = try CertificateFolder(hosts: ["localhost"])
        context = try TLSServerContext(certificates: [folder.certificate])
        let trusted = try TLSClientContext(authorityFile: authority ?? folder.authority)
        let (near, far) = try socketPair()
        let (one, other) = (Recorder(), Recorder())
        server = (
            try worker.channel(over: near, tls: TLSSession.server(context, over: worker.transfer), owner: one), one
        )
        client = (
            try worker.channel(
                over: far, tls: TLSSession.client(trusted, host: "localhost", over: worker.transfer), owner: other),
            other
        )
        self.worker = worker
    }

    // The channels keep their worker, and the worker channels that are open or wait to be flushed.
    deinit {
        server.channel.close()
        client.channel.close()
        worker.flushDirty()
    }

    func shakeHands() {
        client.channel.startHandshake()
        worker.flushDirty()
        while server.owner.secured == 0 || client.owner.secured == 0 { worker.turn() }
    }
}
