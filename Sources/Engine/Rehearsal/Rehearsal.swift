internal import Locking
package import Middleware
package import PolicyModel
internal import Tokens
internal import WebSocketProtocol

/// What cannot be rehearsed, since the policy has nothing of that name, or a token would be longer than any that is looked at.
package struct RehearsalError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}

/// Puts handshakes and messages that nobody has sent through what a gateway of that policy would put them through: the same
/// admission, router, chain, rules and limits, without a socket, an upstream, or a service that is asked.
///
/// Rates, limits, failures, tickets and uses are counted from one handshake to the next, in memory alone. What a gateway has
/// issued and revoked is read where there is a state folder, and nothing in it is changed.
package final class Rehearsal {
    private struct Door {
        let policy: ListenerPolicy
        let admission: AdmissionChain
    }

    /// What a gateway would tell of at its start and go on: a line each.
    package let problems: [String]
    private let doors: [Door]
    private let router: Router
    private let routes: [RouteRuntime]
    private let tokens: RehearsalTokens
    private let service = RehearsalAuthorization()
    private var handshakes = 0
    /// Of the worker.
    var scratch = FilterScratch()

    /// Reads what the policy names: key files of issuers; with `fetchesKeys` also the keys that are behind a URL, which takes as
    /// long as the policy allows. Certificates, their keys and upstreams are not looked at.
    ///
    /// - Parameters:
    ///   - stateDirectory: where a gateway keeps its tokens; nil, or a folder without a store, has none but made-up ones.
    ///   - root: what relative paths in the policy are relative to.
    ///   - now: Unix seconds; nil reads the clock.
    package init(
        _ policy: Policy, stateDirectory: String? = nil, root: String = ".",
        extensions: ExtensionFactories = ExtensionFactories(), fetchesKeys: Bool = false, now: Int64? = nil
    ) throws {
        let tokens = try RehearsalTokens(
            policy, stateDirectory: stateDirectory, fetchesKeys: fetchesKeys,
            resolve: { $0.resolved(in: root) }, now: now ?? SystemClock.unixSeconds())
        var environment = MiddlewareEnvironment(tokens: tokens.issuers, uses: tokens.uses, signer: tokens.signer)
        environment.authorization = service
        environment.extensions = extensions
        doors = policy.listeners.map {
            Door(
                policy: $0,
                admission: AdmissionChain(
                    entries: $0.admission, name: "listener \($0.name)", environment: &environment))
        }
        let upstreams = Dictionary(policy.upstreams.map { ($0.name, UpstreamTarget($0)) }) { first, _ in first }
        routes = RouteRuntime.all(of: policy, to: upstreams, environment: &environment)
        router = Router(routes: routes.map(\.policy))
        problems = tokens.problems
        self.tokens = tokens
    }

    /// What becomes of a handshake.
    package func handshake(_ made: MadeUpHandshake) throws(RehearsalError) -> RehearsedHandshake {
        let door = try door(made.listener)
        handshakes += 1
        let time = HandshakeTime(unixSeconds: made.time ?? SystemClock.unixSeconds(), monotonic: made.monotonic)
        service.prepare(made.authorization)
        let head = try head(of: made, at: time)
        var run = HandshakeRun(
            made: made, head: head, listener: door.policy, requestID: "rehearsal-\(handshakes)", time: time)
        run.go(door.admission, router, routes, service)
        return run.result
    }

    /// A token with these claims, as ``MadeUpHandshake/Credential/claims(_:)`` carries one: for a message that renews.
    package func token(_ claims: MadeUpClaims, time: Int64? = nil) throws(RehearsalError) -> String {
        try tokens.token(claims, now: time ?? SystemClock.unixSeconds())
    }

    /// Has keys of other issuers know made-up tokens for as long as a message is looked at.
    func judgesMadeUpTokens() { tokens.verifyMadeUp(true) }

    private func door(_ name: String?) throws(RehearsalError) -> Door {
        guard let name else {
            guard let first = doors.first else { throw RehearsalError(description: "the policies have no listener") }
            return first
        }
        guard let door = doors.first(where: { $0.policy.name == name }) else {
            let names = doors.map { "'\($0.policy.name)'" }.joined(separator: ", ")
            throw RehearsalError(description: "there is no listener '\(name)', but \(names)")
        }
        return door
    }

    /// With its token, where it shows one.
    private func head(of made: MadeUpHandshake, at time: HandshakeTime) throws(RehearsalError) -> MadeUpHead {
        var head = MadeUpHead(made)
        switch made.credential {
        case .none: tokens.verifyMadeUp(false)
        case .token(let text):
            tokens.verifyMadeUp(false)
            head.carry(text, carriers(of: head))
        case .claims(let claims):
            tokens.verifyMadeUp(true)
            head.carry(try tokens.token(claims, now: time.unixSeconds), carriers(of: head))
        }
        return head
    }

    /// The first `token` of the route that the handshake is for.
    private func carriers(of head: MadeUpHead) -> TokenSettings? {
        guard let head = try? RequestHead(parsing: head.serialized, maximumBytes: 1 << 20),
            let index = router.route(host: head.host.name, path: head.target.path)
        else { return nil }
        for entry in routes[index].policy.middleware {
            if case .token(let settings) = entry.settings { return settings }
        }
        return nil
    }
}

extension RequestHead {
    /// The head that those bytes begin with.
    init(parsing bytes: [UInt8], maximumBytes: Int) throws(HandshakeError) {
        var parser = RequestHeadParser(maximumBytes: maximumBytes)
        guard let head = try parser.receive(bytes.span).head else {
            throw .malformedRequest("the head does not end")
        }
        self = head
    }
}
