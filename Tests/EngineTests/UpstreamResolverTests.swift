import Glibc
import Logging
import PolicyModel
import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct UpstreamResolverTests {
    private func resolver(_ host: String) throws -> (UpstreamResolver, UpstreamTarget) {
        let target = UpstreamTarget(
            UpstreamPolicy(
                name: "u", endpoints: [.init(host: host, port: 9001, position: Fixtures.position)],
                position: Fixtures.position))
        return (try UpstreamResolver([target], logger: Logger(label: "test")), target)
    }

    @Test(
        "there is something to do where an upstream has a name", arguments: [("localhost", true), ("127.0.0.1", false)])
    func isNeeded(host: String, expected: Bool) throws {
        #expect(try resolver(host).0.isNeeded == expected)
    }

    @Test("resolves on its thread until it is stopped")
    func run() throws {
        let (resolver, target) = try resolver("localhost")
        #expect(target.addresses().isEmpty)
        let thread = try WorkerThread("resolver") { resolver.run() }
        while target.addresses().isEmpty { sched_yield() }
        resolver.stop()
        thread.join()
        #expect(target.addresses().allSatisfy { $0.endpoint.host == "localhost" })
    }
}
