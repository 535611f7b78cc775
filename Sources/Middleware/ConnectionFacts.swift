package import PolicyModel
package import Tokens
package import WebSocketProtocol

/// What message rules may ask of the connection on which a message comes. Never changes: a renewed token makes another one.
package final class ConnectionFacts: Sendable {
    package let identity: VerifiedToken?
    /// Whom an authorisation service has named.
    package let authorizedSubject: String?
    package let clientAddress: IPAddress
    /// The subject of the client's TLS certificate.
    package let clientCertificate: String?
    package let requestID: String
    /// As it went upstream.
    package let target: RequestTarget

    package init(
        identity: VerifiedToken?, authorizedSubject: String? = nil, clientAddress: IPAddress,
        clientCertificate: String? = nil, requestID: String, target: RequestTarget
    ) {
        self.identity = identity
        self.authorizedSubject = authorizedSubject
        self.clientAddress = clientAddress
        self.clientCertificate = clientCertificate
        self.requestID = requestID
        self.target = target
    }

    /// Of an admitted connection.
    package convenience init(_ admitted: borrowing AdmittedUpgrade, clientCertificate: String?) {
        self.init(
            identity: admitted.identity, authorizedSubject: admitted.authorizedSubject,
            clientAddress: admitted.clientAddress, clientCertificate: clientCertificate,
            requestID: admitted.requestID, target: admitted.request.target)
    }

    /// The same connection, which is another token's from now on.
    package func renewed(by identity: VerifiedToken) -> ConnectionFacts {
        ConnectionFacts(
            identity: identity, authorizedSubject: authorizedSubject, clientAddress: clientAddress,
            clientCertificate: clientCertificate, requestID: requestID, target: target)
    }

    /// The token's subject, or whom a service has named.
    package var subject: String? { identity?.subject ?? authorizedSubject }

    /// What a policy's variable stands for. `${match.NAME}` is not a connection's.
    func value(of variable: Template.Variable) -> String {
        variable.value(
            identity: identity, clientAddress: clientAddress, clientCertificate: clientCertificate,
            requestID: requestID)
    }
}

extension Template.Variable {
    /// What it stands for; empty where there is no token, or none of its claims has that name, and without a client
    /// certificate. A match is a message's.
    func value(
        identity: VerifiedToken?, clientAddress: IPAddress, clientCertificate: String?, requestID: String
    ) -> String {
        switch self {
        case .tokenSubject: identity?.subject ?? ""
        case .tokenID: identity?.id ?? ""
        case .tokenClaim(let name): identity?.claim(name) ?? ""
        case .clientIP: clientAddress.description
        case .clientCertificate: clientCertificate ?? ""
        case .requestID: requestID
        case .match: ""
        }
    }
}
