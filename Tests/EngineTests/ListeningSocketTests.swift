import PolicyModel
import Testing

@testable import Engine

@Suite struct ListeningSocketTests {
    private let policies: Policies

    init() throws {
        policies = try Policies()
    }

    private func listener(_ address: String) throws -> Listener {
        try #require(try policies.runtime(try policies.policy(address: address)).listeners.first)
    }

    @Test("an address that is taken is an error at the place of its listener")
    func taken() throws {
        let first = try ListeningSocket(for: try listener("127.0.0.1:0"))
        let address = first.address
        let second = try listener("\(address)")
        #expect {
            try ListeningSocket(for: second, leaving: [address])
        } throws: {
            "\($0)" == "test.yaml:1:1: error: listener `public`: `address` cannot be listened on: bind \(address): "
                + "Address already in use"
        }
        #expect(first.number >= 0)
    }

    @Test("where it is the gateway's own that is in the way of one that overlaps it, that is said")
    func overlap() throws {
        let first = try ListeningSocket(for: try listener("127.0.0.1:0"))
        let address = first.address
        let every = try listener("0.0.0.0:\(address.port)")
        #expect {
            try ListeningSocket(for: every, leaving: [address])
        } throws: {
            "\($0)".hasSuffix("; it overlaps \(address), where this gateway listens: moving there needs a new start")
        }
        #expect {
            try ListeningSocket(for: every)
        } throws: {
            "\($0)".hasSuffix("Address already in use")
        }
        #expect(first.number >= 0)
    }
}
