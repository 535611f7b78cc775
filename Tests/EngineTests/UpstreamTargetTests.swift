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
        let turns = (0..<7).map { _ in target.addresses(now: 0).map(\.address.port) }
        #expect(turns[0] == [9001, 9002, 9003])
        #expect(turns[1] == [9002, 9003, 9001])
        #expect(turns[2] == [9003, 9001, 9002])
        #expect(turns[3] == turns[0] && turns[6] == turns[0])
        #expect(target.addresses(now: 0).first?.address.ip == .v6(1))
    }

    @Test("one address is always the same one")
    func single() {
        let target = target(["127.0.0.1"])
        for _ in 0..<3 { #expect(target.addresses(now: 0).map(\.address.port) == [9001]) }
    }

    private func ports(_ target: UpstreamTarget, now: Nanoseconds) -> [UInt16] {
        target.addresses(now: now).map(\.address.port)
    }

    @Test("what could not be reached is tried last, and the others go on in turn")
    func unreached() {
        let target = target(["127.0.0.1", "::1", "192.0.2.1"])
        let second = target.addresses(now: 0)[1].address
        target.noteUnreached(second, now: 0)
        let turns = (0..<4).map { _ in ports(target, now: 1) }
        #expect(turns == [[9003, 9001, 9002], [9001, 9003, 9002], [9003, 9001, 9002], [9001, 9003, 9002]])
        // One connection tries it again, and all others wait for what that comes to.
        let later: Nanoseconds = 10_000_000_000
        #expect(ports(target, now: later) == [9002, 9003, 9001])
        #expect(ports(target, now: later) == [9001, 9003, 9002])
        target.noteReached(second)
        #expect(ports(target, now: later) == [9002, 9003, 9001])
    }

    @Test("where none could be reached they are tried in turn, also by the policy that takes over")
    func allUnreached() {
        let before = target(["127.0.0.1", "::1"])
        for each in before.addresses(now: 0) { before.noteUnreached(each.address, now: 0) }
        let after = UpstreamTarget(before.policy, after: before)
        #expect(ports(after, now: 1) == [9001, 9002])
        #expect(ports(after, now: 1) == [9002, 9001])
        after.noteReached(after.addresses(now: 1)[1].address)
        #expect(ports(after, now: 1) == [9002, 9001])
        #expect(ports(after, now: 1) == [9002, 9001])
    }

    @Test("a name keeps its addresses in the policy that takes over; another port has to wait")
    func succession() {
        let before = target(["localhost"])
        #expect(before.isIncomplete)
        _ = before.resolve()
        #expect(!before.isIncomplete)
        let after = UpstreamTarget(before.policy, after: before)
        #expect(!after.isIncomplete)
        #expect(after.addresses(now: 0).map(\.address) == before.addresses(now: 0).map(\.address))
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
        #expect(after.addresses(now: 0).map(\.address) == before.addresses(now: 0).map(\.address))
        #expect(after.addresses(now: 0).map(\.endpoint) == before.addresses(now: 0).map(\.endpoint))
    }

    @Test("names wait for the resolver; those without an address are told, and stop nobody")
    func names() {
        let target = target(["localhost", "127.0.0.1", "portcullis.invalid"])
        #expect(target.hasNames)
        #expect(target.addresses(now: 0).map(\.endpoint.host) == ["127.0.0.1"])
        #expect(target.resolve().map(\.host) == ["portcullis.invalid"])
        #expect(Set(target.addresses(now: 0).map(\.endpoint.host)) == ["localhost", "127.0.0.1"])
        #expect(target.addresses(now: 0).allSatisfy { $0.endpoint.port == $0.address.port })
    }
}
