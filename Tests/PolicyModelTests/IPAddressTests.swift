import PolicyModel
import Testing

struct IPAddressTests {
    @Test(
        arguments: [
            ("0.0.0.0", 0), ("1.2.3.4", 0x0102_0304), ("255.255.255.255", .max), ("10.0.0.1", 0x0a00_0001),
        ] as [(String, UInt32)])
    func `dotted decimal is read and written`(text: String, value: UInt32) {
        #expect(IPAddress(text) == .v4(value))
        #expect(IPAddress.v4(value).description == text)
    }

    @Test(
        arguments: [
            ("::", 0, "::"), ("::1", 1, "::1"), ("1::", 1 << 112, "1::"),
            ("2001:DB8::A", 0x2001_0db8 << 96 | 10, "2001:db8::a"),
            ("0:0:0:0:0:0:0:1", 1, "::1"),
            ("1:2:3:4:5:6:7:8", 0x0001_0002_0003_0004_0005_0006_0007_0008, "1:2:3:4:5:6:7:8"),
            ("1:2:3:4:5:6:7::", 0x0001_0002_0003_0004_0005_0006_0007_0000, "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", 0x0002_0003_0004_0005_0006_0007_0008, "0:2:3:4:5:6:7:8"),
            ("1:0:0:2:0:0:0:3", 0x0001_0000_0000_0002_0000_0000_0000_0003, "1:0:0:2::3"),
            ("1:0:0:2:3:0:0:4", 0x0001_0000_0000_0002_0003_0000_0000_0004, "1::2:3:0:0:4"),
            ("64:ff9b::192.0.2.33", 0x0064_ff9b << 96 | 0xc000_0221, "64:ff9b::c000:221"),
            ("::1.2.3.4", 0x0102_0304, "::102:304"),
            ("1:2:3:4:5:6:1.2.3.4", 0x0001_0002_0003_0004_0005_0006_0102_0304, "1:2:3:4:5:6:102:304"),
            ("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", .max, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] as [(String, UInt128, String)])
    func `RFC 4291 text is read, RFC 5952 text written`(text: String, value: UInt128, written: String) {
        #expect(IPAddress(text) == .v6(value))
        #expect(IPAddress.v6(value).description == written)
        #expect(IPAddress(written) == .v6(value))
    }

    @Test(arguments: ["::ffff:1.2.3.4", "::FFFF:102:304", "0:0:0:0:0:ffff:1.2.3.4"])
    func `a mapped address is its IPv4 address`(text: String) {
        #expect(IPAddress(text) == .v4(0x0102_0304))
        #expect(IPAddress(ipv6: 0xffff_0102_0304) == .v4(0x0102_0304))
        #expect(IPAddress(ipv6: 0x1_ffff_0102_0304) == .v6(0x1_ffff_0102_0304))
    }

    @Test(arguments: [
        "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "00.0.0.0", "1.2.3.", ".1.2.3", "1..2.3",
        "+1.2.3.4",
        "0x1.2.3.4", "1.2.3.4 ", "1.2.3.1000", "١.2.3.4", ":", ":::", "1:::2", "::1::", "1::2::3", ":1", "1:", ":1::2",
        "1::2:",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "g::", "12345::", "::1.2.3",
        "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "fe80::1%eth0", "[::1]", "::+1", "::-1", "::01.2.3.4",
        "0000:0000:0000:0000:0000:0000:0000:0000:00000000",
    ])
    func `anything else is no address`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        (64, "2001:db8:1:2::"), (48, "2001:db8:1::"), (0, "::"), (128, "2001:db8:1:2:3:4:5:6"), (-1, "::"),
        (200, "2001:db8:1:2:3:4:5:6"),
    ])
    func `an IPv6 network keeps its first bits`(prefix: Int, network: String) throws {
        let address = try #require(IPAddress("2001:db8:1:2:3:4:5:6"))
        #expect(address.network(ipv6Prefix: prefix).description == network)
        #expect(IPAddress.v4(7).network(ipv6Prefix: prefix) == .v4(7))
    }

    @Test("a client's network as people read it")
    func named() throws {
        let address = try #require(IPAddress("2001:db8::"))
        #expect(address.named(ipv6Prefix: 64) == "2001:db8::/64" && address.named(ipv6Prefix: 128) == "2001:db8::")
        #expect(try #require(IPAddress("192.0.2.1")).named(ipv6Prefix: 64) == "192.0.2.1")
    }
}
