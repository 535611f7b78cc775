internal import PolicyModel

/// A live connection as operators see it: plain facts, copied on its worker's thread.
package struct ConnectionRecord: Sendable, Hashable {
    /// How far it is.
    package enum State: String, Sendable, CaseIterable {
        /// TLS, the request, or the chain that judges it.
        case handshake
        /// Admitted; the upstream has not answered yet.
        case connecting
        case open
        /// The end has begun.
        case closing
    }

    let requestID: String
    let state: State
    let listener: String
    let route: String?
    /// The endpoint that was dialled.
    let upstream: String?
    /// The client's address, also where proxies that are trusted stand between.
    let client: IPAddress
    /// Who has connected.
    let peer: SocketAddress
    let path: String?
    let subject: String?
    let tokenID: String?
    /// The subject of the certificate that the client has shown.
    let certificate: String?
    let policyVersion: String
    let worker: Int
    /// Since it was accepted, in milliseconds.
    let age: Int64
    /// Since a message last came, from either side, in milliseconds; for one that is not open, its age.
    let idle: Int64
    /// Payload, as it came.
    let bytesFromClient, bytesFromUpstream, messagesFromClient, messagesFromUpstream: Int64

    init(_ session: Session, worker: Int, now: Nanoseconds) {
        let facts = session.facts
        requestID = session.requestID
        state = session.state
        listener = facts.listener
        route = facts.route
        upstream = facts.upstream
        client = facts.client
        peer = session.peer
        path = facts.path
        subject = facts.subject
        tokenID = facts.tokenID
        certificate = facts.clientCertificate
        policyVersion = facts.policyVersion
        self.worker = worker
        age = max(0, now - session.acceptedAt) / 1_000_000
        idle = max(0, now - session.lastData) / 1_000_000
        let lanes = session.relayed.map { ($0.frames.fromClient, $0.frames.fromUpstream) }
        bytesFromClient = lanes?.0.payloadBytes ?? 0
        bytesFromUpstream = lanes?.1.payloadBytes ?? 0
        messagesFromClient = lanes?.0.messages ?? 0
        messagesFromUpstream = lanes?.1.messages ?? 0
    }
}

extension Session {
    /// The relay, once there is one.
    var relayed: Relay? {
        if case .relay(let relay) = phase { relay } else { nil }
    }

    var state: ConnectionRecord.State {
        switch phase {
        case .proxyHeader, .tls, .head, .judging, .errand, .firstMessage: .handshake
        case .connecting, .awaitingUpstream: .connecting
        case .relay(let relay): relay.ending == nil ? .open : .closing
        case .ending: .closing
        }
    }

    /// When a message last came; before there is a relay, when the connection did.
    var lastData: Nanoseconds { relayed?.lastData ?? acceptedAt }

    /// An operator wants it gone. One that has not been admitted is left as it is.
    func closeByOperator() {
        relayed?.end(.closedByOperator)
    }
}
