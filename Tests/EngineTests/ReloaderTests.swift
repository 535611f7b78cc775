import Locking
import Logging
import PolicyModel
import Testing
import Tokens

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct ReloaderTests {
    /// Reloads `policies` one after another, nil for one that cannot be run, and gives what was installed, and what those who
    /// asked were told: where something was to be installed, after its end, which is the drain of the gateway every other time.
    private func installations(
        _ loads: [VersionedPolicy?], after runtime: GatewayRuntime
    ) throws -> (installed: [PolicyInstallation], outcomes: [ReloadOutcome]) {
        let outcomes = Lock<[ReloadOutcome]>([])
        let waiting = Lock(loads)
        let turn = try WakeUp(blocking: true)
        let mailbox = try Mailbox<AcceptorMessage>()
        let resolver = try UpstreamResolver([], logger: Logger(label: "test"))
        let reloader = try Reloader(
            load: {
                turn.wake()
                let policy = waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                return policy.map { .success($0) } ?? .failure(PolicyProblems(lines: ["nothing there"]))
            },
            prepare: { try GatewayRuntime($0, GatewayServices(tokens: TokenAuthority()), after: $1) },
            mailbox: mailbox, resolver: resolver, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let thread = try WorkerThread("reloader") { reloader.run(from: runtime) }
        for _ in loads {
            reloader.request { outcome in outcomes.withLock { $0.append(outcome) } }
            turn.take()
        }
        // One more round, which loads nothing, so that the last one has been answered.
        reloader.request()
        turn.take()
        reloader.stop()
        thread.join()
        let installed = mailbox.takeAll().compactMap { message in
            if case .install(let installation) = message { installation } else { nil }
        }
        for (index, installation) in installed.enumerated() { installation.concluded(index % 2 == 0) }
        return (installed, outcomes.withLock { $0 })
    }

    @Test("each good policy is installed after the one before it; what is bad changes nothing")
    func order() throws {
        let policies = try Policies()
        let first = try policies.runtime(try policies.policy())
        let listener = try #require(first.listeners.first)
        _ = listener.connections.add()
        var unreadable = try policies.policy("bad")
        unreadable.policy.listeners[0].tls.certificates[0].certificate = "/nowhere/server.pem"
        let good = (try policies.policy("v2"), try policies.policy("v3"))
        let (installed, outcomes) = try installations([good.0, nil, unreadable, good.1], after: first)
        #expect(installed.map(\.runtime.policyVersion) == ["v2", "v3"])
        #expect(installed.last?.runtime.successor(of: listener)?.connections.value == 1)
        // The socket that is there already is not opened again.
        #expect(installed.map(\.opened.count) == [0, 0])
        #expect(outcomes.count == 4)
        #expect(outcomes.first == .refused(["nothing there"]))
        guard case .refused(let unread) = outcomes[1] else {
            Issue.record("a certificate that is not there was no problem")
            return
        }
        #expect(unread.joined().contains("/nowhere/server.pem"))
        #expect(outcomes[2...] == [.inForce(version: "v2"), .draining])
    }

    @Test("a socket is opened for a listener that was not there; the names of upstreams have their addresses")
    func preparation() throws {
        let policies = try Policies()
        let first = try policies.runtime(try policies.policy(upstream: "127.0.0.1"))
        let installed = try installations([try policies.policy("v2", listener: "other")], after: first).installed
        let installation = try #require(installed.first)
        #expect(installation.opened.map(\.binding) == installation.runtime.listeners.map(\.binding))
        #expect(installation.opened.allSatisfy { $0.address.port != 0 })
        #expect(installation.runtime.upstreams.first?.isIncomplete == false)
    }
}
