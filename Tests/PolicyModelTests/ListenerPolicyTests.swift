import PolicyModel
import Testing

struct ListenerPolicyTests {
    @Test(
        arguments: [
            ("0.0.0.0:8443", "0.0.0.0", 8443), ("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:65535", "::1", 65535),
            ("[2001:db8::a]:1", "2001:db8::a", 1), ("[::]:443", "::", 443),
        ] as [(String, String, UInt16)])
    func `socket addresses are read and written`(text: String, ip: String, port: UInt16) throws {
        let address = try #require(SocketAddress(text))
        #expect(address.ip.description == ip)
        #expect(address.port == port)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", ":", ":80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:+80", "1.2.3.4:-1", "1.2.3.4: 80",
        "1.2.3.4:8a",
        "1.2.3.4:٨٠", "::1:80", "[::1]", "[::1]:", "[::1:80", "::1]:80", "[1.2.3.4]:80", "[]:80", "[[::1]]:80",
        "localhost:80", "[::1]80",
        "1.2.3:80", "1.2.3.4:80:80",
    ])
    func `anything else is no socket address`(text: String) {
        #expect(SocketAddress(text) == nil)
    }
}
