import PolicyModel
import Testing

@testable import Engine

@Suite struct UpstreamTargetTests {
    private func target(_ hosts: [String]) -> UpstreamTarget {
        UpstreamTarget(
            UpstreamPolicy(
                name: "u",
                endpoints: hosts.enumerated().map { .init(host: $1, port: UInt16(9001 + $0)) }))
    }

    @Test("literals have their addresses at once, and each is the first in its turn")
    func roundRobin() {
        let target = target(["127.0.0.1", "::1", "192.0.2.1"])
        #expect(!target.hasNames)
        let turns = (0..<7).map { _ in target.addresses().map(\.address.port) }
        #expect(turns[0] == [9001, 9002, 9003])
        #expect(turns[1] == [9002, 9003, 9001])
        #expect(turns[2] == [9003, 9001, 9002])
        #expect(turns[3] == turns[0] && turns[6] == turns[0])
        #expect(target.addresses().first?.address.ip == .v6(1))
    }

    @Test("one address is always the same one")
    func single() {
        let target = target(["127.0.0.1"])
        for _ in 0..<3 { #expect(target.addresses().map(\.address.port) == [9001]) }
    }

    @Test("a name keeps its addresses in the policy that takes over; another port has to wait")
    func succession() {
        let before = target(["localhost"])
        #expect(before.isIncomplete)
        _ = before.resolve()
        #expect(!before.isIncomplete)
        let after = UpstreamTarget(before.policy, after: before)
        #expect(!after.isIncomplete)
        #expect(after.addresses().map(\.address) == before.addresses().map(\.address))
        var policy = before.policy
        policy.endpoints[0].port = 80
        #expect(UpstreamTarget(policy, after: before).isIncomplete)
    }

    @Test("endpoints of one host and port keep their addresses each for itself")
    func shared() {
        let endpoints = ["", "", "/base"].map {
            UpstreamPolicy.Endpoint(host: "localhost", port: 9001, basePath: $0)
        }
        let before = UpstreamTarget(UpstreamPolicy(name: "u", endpoints: endpoints))
        _ = before.resolve()
        let after = UpstreamTarget(before.policy, after: before)
        #expect(!after.isIncomplete)
        #expect(after.addresses().map(\.address) == before.addresses().map(\.address))
        #expect(after.addresses().map(\.endpoint) == before.addresses().map(\.endpoint))
    }

    @Test("names wait for the resolver; those without an address are told, and stop nobody")
    func names() {
        let target = target(["localhost", "127.0.0.1", "portcullis.invalid"])
        #expect(target.hasNames)
        #expect(target.addresses().map(\.endpoint.host) == ["127.0.0.1"])
        #expect(target.resolve().map(\.host) == ["portcullis.invalid"])
        #expect(Set(target.addresses().map(\.endpoint.host)) == ["localhost", "127.0.0.1"])
        #expect(target.addresses().allSatisfy { $0.endpoint.port == $0.address.port })
    }
}
