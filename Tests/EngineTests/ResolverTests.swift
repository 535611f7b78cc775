import PolicyModel
import Testing

@testable import Engine

@Suite struct ResolverTests {
    @Test("this machine's own name has a loopback address")
    func localhost() {
        let addresses = Resolver.addresses(of: "localhost")
        #expect(addresses.contains(.v4(0x7f00_0001)) || addresses.contains(.v6(1)))
        #expect(Set(addresses).count == addresses.count)
    }

    @Test("literals are their own addresses", arguments: ["127.0.0.1", "::1", "192.0.2.7"])
    func literal(text: String) throws {
        #expect(Resolver.addresses(of: text) == [try #require(IPAddress(text))])
    }

    // RFC 6761: no name under `invalid` ever has an address.
    @Test("what is no name has none", arguments: ["portcullis.invalid", "a b", String(repeating: "a", count: 300)])
    func unknown(name: String) {
        #expect(Resolver.addresses(of: name).isEmpty)
    }
}
