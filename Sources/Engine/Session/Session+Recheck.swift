internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// A connection that was admitted by one policy, and lives under another.
extension Session {
    /// What comes of a look at a connection.
    enum Recheck {
        /// There was nothing to be judged.
        case nothing
        /// It stays. Its token holds it until then, where the policy wants one.
        case stays(until: IdentityTerm?)
        case refused(Refusal)
    }

    /// Keeps of an admitted handshake what it is judged by again.
    func hold(_ admitted: AdmittedUpgrade, _ route: RouteRuntime) {
        leases = admitted.leases
        answers = route.chain.questions
    }

    /// Notes what `changes` demand of it; whether there is anything, and nothing was before.
    func mark(_ changes: PolicyChanges) -> Bool {
        let isMarked = !recheckScope.isEmpty
        recheckScope.formUnion(
            changes.scope(listener: listener.policy.name, route: standingRoute ?? facts.route))
        return !isMarked && !recheckScope.isEmpty
    }

    /// Its turn has come: why it ends, where it does; nil where it stays, or its turn comes when it opens.
    func takeRecheckTurn() -> Refusal? {
        switch phase {
        case .tls, .head:
            guard case .refused(let refusal) = recheck() else { return nil }
            // Nobody can be answered, or has asked anything yet.
            drop(refusal.reason.builtin ?? .ipNotAllowed)
            return refusal
        case .relay(let relay) where !relay.isCut:
            switch recheck() {
            case .nothing: return nil
            case .stays(let term):
                guard let term else { return nil }
                relay.hold(until: term)
                relay.setDeadline()
                return nil
            case .refused(let refusal):
                // A revocation that has not come here yet is told as what it is.
                relay.end(refusal.reason == .builtin(.tokenRevoked) ? .tokenRevoked : .policyChanged)
                return refusal
            }
        // Those that are still on their way are judged when they open.
        case .proxyHeader, .judging, .errand, .firstMessage, .connecting, .awaitingUpstream, .relay, .ending:
            return nil
        }
    }

    /// Looks where the router leads now: to another route, by which it is to be judged, or to the one that it stands on.
    func askRouter() {
        guard recheckScope.remove(.router) != nil, let live = liveConnection else { return }
        let index = host.runtime.router.route(host: live.host.name, path: live.target.path)
        let name = index.map { host.runtime.routes[$0].policy.name }
        if name != standingRoute ?? facts.route { recheckScope.insert(.route) }
    }

    /// Judges it by the policy in force, in so far as it has to be. One that is refused holds no limit's place any more.
    func recheck() -> Recheck {
        askRouter()
        let scope = recheckScope
        guard !scope.isEmpty else { return .nothing }
        recheckScope = []
        // A further policy may have said meanwhile that they go on.
        guard !host.runtime.changes.isKept(standingRoute ?? facts.route) else { return .nothing }
        var recheck = Recheck.stays(until: nil)
        if scope.contains(.admission) { recheck = recheckAdmission() }
        if scope.contains(.route), case .stays = recheck { recheck = recheckRoute() }
        if case .refused = recheck {
            (leases, admissionLeases) = ([], [])
            facts.policyVersion = host.runtime.policyVersion
        }
        return recheck
    }

    private func recheckAdmission() -> Recheck {
        // Connections outlive their listener.
        guard let successor = host.runtime.successor(of: listener) else { return .stays(until: nil) }
        switch successor.admission.recheck(peer.ip, holding: admissionLeases) {
        case .success(let leases):
            admissionLeases = leases
            return .stays(until: nil)
        case .failure(let reason):
            return .refused(Refusal(reason))
        }
    }

    private func recheckRoute() -> Recheck {
        let runtime = host.runtime
        guard let live = liveConnection, let index = runtime.router.route(host: live.host.name, path: live.target.path)
        else { return .refused(Refusal(.routeNotFound)) }
        let route = runtime.routes[index]
        switch route.chain.recheck(live, at: time) {
        case .stays(let leases, let term):
            self.leases = leases
            let name = route.policy.name
            standingRoute = name == facts.route ? nil : name
            return .stays(until: term)
        case .refused(let refusal):
            return .refused(refusal)
        }
    }

    private var liveConnection: LiveConnection? {
        guard let host = facts.host.flatMap({ RequestHost($0) }),
            let target = facts.path.flatMap({ try? RequestTarget(originForm: $0) })
        else { return nil }
        return LiveConnection(
            host: host, target: target, origin: facts.origin, clientAddress: facts.client,
            clientCertificate: facts.clientCertificate, requestID: requestID, identity: identity, answers: answers,
            leases: leases)
    }
}
