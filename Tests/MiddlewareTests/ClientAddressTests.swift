import PolicyModel
import Testing
import WebSocketProtocol

@testable import Middleware

@Suite struct ClientAddressTests {
    private func resolve(_ peer: String, _ forwarded: [String]) throws -> String {
        let trusted = CIDRSet([try CIDR("10.0.0.0/8"), try CIDR("2001:db8::/32")])
        let headers = HeaderFields(forwarded.map { HeaderField(name: "X-Forwarded-For", value: $0) })
        return ClientAddress.resolve(peer: try #require(IPAddress(peer)), headers: headers, trusted: trusted)
            .description
    }

    @Test(
        "H11 right to left over trusted proxies, and only behind one",
        arguments: [
            ("192.0.2.1", ["1.2.3.4"], "192.0.2.1"),
            ("10.0.0.1", [], "10.0.0.1"),
            ("10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            ("10.0.0.1", ["6.6.6.6, 1.2.3.4, 10.9.9.9"], "1.2.3.4"),
            ("10.0.0.1", ["6.6.6.6, 1.2.3.4", "10.9.9.9"], "1.2.3.4"),
            ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", ["1.2.3.4:5678"], "1.2.3.4"),
            ("10.0.0.1", ["[2001:4860::1]:99"], "2001:4860::1"),
            ("10.0.0.1", ["::ffff:1.2.3.4"], "1.2.3.4"),
            ("2001:db8::1", ["2001:4860::1"], "2001:4860::1"),
        ])
    func walk(_ peer: String, _ forwarded: [String], _ expected: String) throws {
        #expect(try resolve(peer, forwarded) == expected)
    }

    @Test(
        "H11 an unreadable hop means the peer itself",
        arguments: [
            "unknown", "", "1.2.3.4, ", "1.2.3.4,,10.0.0.2", "1.2.3", "_hidden", "1.2.3.4, x, 10.0.0.2",
            "1.2.3.4\u{301}", "\"1.2.3.4\"",
        ])
    func unreadable(_ forwarded: String) throws {
        #expect(try resolve("10.0.0.1", [forwarded]) == "10.0.0.1")
    }

    @Test("H11 200 rotating values from an untrusted peer: the limiter still trips")
    func rotating() throws {
        let chain = chain(
            .connectionRate(ConnectionRateSettings(rate: Rate(count: 1, period: .seconds(60)), burst: 10)))
        var refused = 0
        for index in 0..<200 {
            let address = try resolve("192.0.2.1", ["1.2.3.\(index)"])
            if chain.admit(try context(from: address)).reason == .connectionRateExceeded { refused += 1 }
        }
        #expect(refused == 190)
    }
}
