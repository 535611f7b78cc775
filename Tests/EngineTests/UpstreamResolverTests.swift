import Glibc
import Logging
import PolicyModel
import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct UpstreamResolverTests {
    private func resolver(_ host: String) throws -> (UpstreamResolver, UpstreamTarget) {
        let target = UpstreamTarget(UpstreamPolicy(name: "u", endpoints: [.init(host: host, port: 9001)]))
        return (try UpstreamResolver([target], logger: Logger(label: "test")), target)
    }

    @Test("resolves on its thread until it is stopped")
    func run() throws {
        let (resolver, target) = try resolver("localhost")
        #expect(target.addresses(now: 0).isEmpty)
        let thread = try WorkerThread("resolver") { resolver.run() }
        while target.addresses(now: 0).isEmpty { sched_yield() }
        resolver.stop()
        thread.join()
        #expect(target.addresses(now: 0).allSatisfy { $0.endpoint.host == "localhost" })
    }

    @Test("an upstream of a policy that takes over is asked for in its place")
    func follow() throws {
        let (resolver, first) = try resolver("localhost")
        let second = UpstreamTarget(first.policy)
        resolver.follow([second])
        let thread = try WorkerThread("resolver") { resolver.run() }
        while second.addresses(now: 0).isEmpty { sched_yield() }
        resolver.stop()
        thread.join()
        #expect(first.addresses(now: 0).isEmpty)
    }
}
