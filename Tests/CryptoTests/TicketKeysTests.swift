import COpenSSL
import Dispatch
import Testing

@testable import Crypto

/// Clients that come and come back.
struct Doorway {
    let context: TLSServerContext

    /// A handshake: what the client has seen, and the session that it can resume.
    func connect(
        _ version: Int32, host: String? = "localhost", identity: ClientIdentity? = nil, resuming: RawSession? = nil
    ) throws -> (client: RawClient, server: TLSPeer, session: RawSession) {
        let server = try TLSPeer.server(context)
        let client = try RawClient(
            minimum: version, maximum: version, host: host, identity: identity, resuming: resuming)
        try #require(client.shakeHands(with: server), "\(server.error?.description ?? "no error")")
        return (client, server, try client.resumableSession())
    }
}

@Suite struct TicketKeysTests {
    private let folder: CertificateFolder
    private static let versions = [TLS1_2_VERSION, TLS1_3_VERSION]

    init() throws { folder = try CertificateFolder(hosts: ["localhost"]) }

    private func doorway(_ keys: TicketKeys) throws -> Doorway {
        Doorway(context: try TLSServerContext(certificates: [folder.certificate], ticketKeys: keys))
    }

    @Test(
        "H32 a ticket of the previous key is resumed and renewed; one of two rotations ago is not", arguments: versions)
    func rotation(version: Int32) throws {
        let keys = TicketKeys(now: 1000)
        let door = try doorway(keys)
        let first = try door.connect(version)
        #expect(!first.client.isResumed)
        #expect(keys.rotate(now: 1000 + TicketKeys.period) == 1000 + 2 * TicketKeys.period)
        let second = try door.connect(version, resuming: first.session)
        #expect(second.client.isResumed)
        #expect(second.session.ticketKeyName != first.session.ticketKeyName)
        _ = keys.rotate(now: 1000 + 2 * TicketKeys.period)
        let late = try door.connect(version, resuming: first.session)
        #expect(!late.client.isResumed)
        let renewed = try door.connect(version, resuming: second.session)
        #expect(renewed.client.isResumed)
        // A full handshake ends with a ticket of the newest key.
        #expect(late.session.ticketKeyName == renewed.session.ticketKeyName)
        #expect(late.session.ticketKeyName != second.session.ticketKeyName)
    }

    @Test("H32 keys rotate when their hour is over, and not before")
    func due() throws {
        let keys = TicketKeys(now: 0)
        let door = try doorway(keys)
        let first = try door.connect(TLS1_3_VERSION)
        for now in [0, 1, TicketKeys.period - 1] { #expect(keys.rotate(now: now) == TicketKeys.period) }
        #expect(try door.connect(TLS1_3_VERSION).session.ticketKeyName == first.session.ticketKeyName)
        #expect(keys.rotate(now: TicketKeys.period + 5) == 2 * TicketKeys.period + 5)
        #expect(try door.connect(TLS1_3_VERSION).session.ticketKeyName != first.session.ticketKeyName)
    }

    @Test("H32 keys that were not rotated in time are forgotten together", arguments: versions)
    func late(version: Int32) throws {
        let keys = TicketKeys(now: 0)
        let door = try doorway(keys)
        let first = try door.connect(version)
        _ = keys.rotate(now: 2 * TicketKeys.period)
        #expect(try !door.connect(version, resuming: first.session).client.isResumed)
    }

    @Test("H32 two listeners' keys differ, and a ticket says how long it is good", arguments: versions)
    func strangers(version: Int32) throws {
        let session = try doorway(TicketKeys(now: 0)).connect(version).session
        #expect(session.lifetime == 7200)
        #expect(try !doorway(TicketKeys(now: 0)).connect(version, resuming: session).client.isResumed)
    }

    @Test("sessions outlive the context that they were made in, where its keys are handed on", arguments: versions)
    func reload(version: Int32) throws {
        let keys = TicketKeys(now: 0)
        let session = try doorway(keys).connect(version).session
        let resumed = try doorway(keys).connect(version, resuming: session)
        #expect(resumed.client.isResumed)
    }

    @Test("a ticket of TLS 1.3 is replaced with each use; one of TLS 1.2 lasts as long as its key", arguments: versions)
    func singleUse(version: Int32) throws {
        let door = try doorway(TicketKeys(now: 0))
        let first = try door.connect(version)
        let second = try door.connect(version, resuming: first.session)
        #expect(second.client.isResumed)
        #expect((second.session.ticket != first.session.ticket) == (version == TLS1_3_VERSION))
    }

    @Test("a session in the midst of its handshake outlives its context")
    func replaced() throws {
        var door: Doorway? = try doorway(TicketKeys(now: 0))
        let server = try TLSPeer.server(try #require(door).context)
        door = nil
        let client = try RawClient(host: "localhost")
        #expect(client.shakeHands(with: server))
        #expect(try client.resumableSession().ticket.count > 100)
    }

    @Test("several threads shake hands while keys rotate")
    func threads() throws {
        let keys = TicketKeys(now: 0)
        let door = try doorway(keys)
        DispatchQueue.concurrentPerform(iterations: 3) { thread in
            for round in 1...40 {
                if thread == 0 { _ = keys.rotate(now: Int64(round) * TicketKeys.period) }
                do {
                    let first = try door.connect(TLS1_3_VERSION)
                    _ = try door.connect(TLS1_3_VERSION, resuming: first.session)
                } catch {
                    Issue.record(error)
                }
            }
        }
    }
}
