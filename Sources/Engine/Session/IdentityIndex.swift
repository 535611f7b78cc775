internal import Tokens

/// A worker's live connections by what can be revoked, so that a revocation finds its connections without a scan.
struct IdentityIndex {
    private var byToken: [String: [ObjectIdentifier: Session]] = [:]
    private var bySubject: [String: [ObjectIdentifier: Session]] = [:]

    /// Enters a connection that was admitted with a token; without one there is nothing to revoke.
    mutating func insert(_ session: Session, _ identity: VerifiedToken?) {
        guard let identity else { return }
        session.identity = identity
        byToken[identity.id, default: [:]][ObjectIdentifier(session)] = session
        bySubject[identity.subject, default: [:]][ObjectIdentifier(session)] = session
    }

    mutating func remove(_ session: Session) {
        guard let identity = session.identity else { return }
        Self.remove(session, from: &byToken, identity.id)
        Self.remove(session, from: &bySubject, identity.subject)
    }

    private static func remove(
        _ session: Session, from index: inout [String: [ObjectIdentifier: Session]], _ name: String
    ) {
        index[name]?[ObjectIdentifier(session)] = nil
        if index[name]?.isEmpty == true { index[name] = nil }
    }

    /// The connections that `revocation` covers. Those of a key, or of everybody, are rare: a look at each connection.
    func covered(by revocation: Revocation) -> [Session] {
        switch revocation {
        case .id(let id, _): covered(by: revocation, among: byToken[id])
        case .subject(let subject, _): covered(by: revocation, among: bySubject[subject])
        case .key, .all: bySubject.values.flatMap { covered(by: revocation, among: $0) }
        }
    }

    private func covered(
        by revocation: Revocation, among candidates: [ObjectIdentifier: Session]?
    ) -> [Session] {
        candidates?.values.filter { session in
            session.identity.map { revocation.covers($0.revocableClaims, keyID: $0.keyID) } ?? false
        } ?? []
    }
}
