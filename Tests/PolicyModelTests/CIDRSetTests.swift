import PolicyModel
import Testing

struct CIDRSetTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0", 8), ("0.0.0.0/0", "0.0.0.0", 0), ("1.2.3.4", "1.2.3.4", 32),
        ("1.2.3.4/32", "1.2.3.4", 32),
        ("2001:db8::/32", "2001:db8::", 32), ("::/0", "::", 0), ("::1", "::1", 128), ("::1/128", "::1", 128),
        ("::ffff:10.0.0.0/104", "10.0.0.0", 8), ("::ffff:0:0/96", "0.0.0.0", 0), ("::ffff:1.2.3.4", "1.2.3.4", 32),
    ])
    func `blocks are read`(text: String, address: String, prefix: Int) throws {
        let block = try CIDR(text)
        #expect(block.address.description == address)
        #expect(block.prefix == prefix)
    }

    @Test(arguments: [
        ("", CIDR.ParseError.notAnAddress), ("a/8", .notAnAddress), ("/8", .notAnAddress),
        ("10.0.0.0/33", .prefixOutOfRange),
        ("10.0.0.0/", .prefixOutOfRange), ("10.0.0.0/-1", .prefixOutOfRange), ("10.0.0.0/+8", .prefixOutOfRange),
        ("10.0.0.0/8/8", .prefixOutOfRange), ("10.0.0.0/99999999999999999999", .prefixOutOfRange),
        ("::/129", .prefixOutOfRange),
        ("::ffff:0:0/95", .prefixOutOfRange), ("10.0.0.1/8", .hostBitsSet("10.0.0.0/8")),
        ("2001:db8::1/32", .hostBitsSet("2001:db8::/32")), ("0.0.0.1/0", .hostBitsSet("0.0.0.0/0")),
        ("::ffff:10.0.0.1/104", .hostBitsSet("10.0.0.0/8")),
    ])
    func `anything else is refused with its reason`(text: String, error: CIDR.ParseError) {
        #expect(throws: error) { try CIDR(text) }
    }

    @Test(arguments: [
        (["10.0.0.0/8"], "10.255.255.255", true), (["10.0.0.0/8"], "11.0.0.0", false),
        (["10.0.0.0/8"], "9.255.255.255", false),
        (["10.0.0.0/8"], "::ffff:10.1.2.3", true), (["10.0.0.0/8"], "::10.1.2.3", false),
        (["0.0.0.0/0"], "255.255.255.255", true),
        (["0.0.0.0/0"], "::", false), (["::/0"], "1.2.3.4", false),
        (["::/0"], "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
        (["255.255.255.255", "255.255.255.0/24"], "255.255.255.255", true), ([], "1.2.3.4", false),
        (["10.0.0.0/8", "10.66.0.0/16"], "10.200.0.0", true),
    ])
    func `edges are inside, what lies beyond is not`(blocks: [String], address: String, isInside: Bool) throws {
        let set = CIDRSet(try blocks.map { text throws(CIDR.ParseError) in try CIDR(text) })
        #expect(set.contains(try #require(IPAddress(address))) == isInside)
        #expect(set.isEmpty == blocks.isEmpty)
    }

    /// Splitmix64: the same numbers in each run.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64 = 29

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
            return value ^ value >> 31
        }
    }

    /// One block after the other, bit by bit.
    private static func naive(_ blocks: [CIDR], _ address: IPAddress) -> Bool {
        blocks.contains { block in
            switch (block.address, address) {
            case (.v4(let first), .v4(let value)):
                (0..<block.prefix).allSatisfy { first >> (31 - $0) & 1 == value >> (31 - $0) & 1 }
            case (.v6(let first), .v6(let value)):
                (0..<block.prefix).allSatisfy { first >> (127 - $0) & 1 == value >> (127 - $0) & 1 }
            default: false
            }
        }
    }

    @Test func `a set answers as a look at every block would`() throws {
        var generator = Generator()
        for _ in 0..<300 {
            var blocks: [CIDR] = []
            var edges: [IPAddress] = [.v4(0), .v4(.max), .v6(0), .v6(.max)]
            for _ in 0..<Int.random(in: 0...12, using: &generator) {
                // Close together, so that blocks touch, overlap and hold one another.
                if Bool.random(using: &generator) {
                    let prefix = Int.random(in: 22...32, using: &generator)
                    let mask = UInt32.max << UInt32(32 - prefix)
                    let first =
                        (UInt32.random(in: 0...4095, using: &generator)
                            | (Bool.random(using: &generator) ? 0xffff_f000 : 0)) & mask
                    blocks.append(try CIDR("\(IPAddress.v4(first))/\(prefix)"))
                    edges += [first, first | ~mask, first &- 1, (first | ~mask) &+ 1].map { .v4($0) }
                } else {
                    let prefix = Int.random(in: 118...128, using: &generator)
                    let mask = UInt128.max << UInt128(128 - prefix)
                    let first =
                        (UInt128.random(in: 0...4095, using: &generator)
                            | (Bool.random(using: &generator) ? ~0xfff : 0)) & mask
                    blocks.append(try CIDR("\(IPAddress.v6(first))/\(prefix)"))
                    edges += [first, first | ~mask, first &- 1, (first | ~mask) &+ 1].map { .v6($0) }
                }
            }
            let set = CIDRSet(blocks)
            for address in edges { #expect(set.contains(address) == Self.naive(blocks, address)) }
        }
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.1.0.0/16", true), ("10.0.0.0/8", "10.0.0.0/8", true), ("10.1.0.0/16", "10.0.0.0/8", false),
        ("0.0.0.0/0", "255.255.255.255", true), ("0.0.0.0/0", "::1", false), ("::/0", "2001:db8::/32", true),
        ("2001:db8::/32", "2001:db9::/48", false), ("::/0", "0.0.0.0/0", false),
    ])
    func `a block holds another one`(outer: String, inner: String, expected: Bool) throws {
        #expect(try CIDR(outer).contains(CIDR(inner)) == expected)
    }

    @Test(arguments: [
        (["10.0.0.0/25", "10.0.0.128/25"], "10.0.0.0/24", true), (["10.0.0.0/25"], "10.0.0.0/24", false),
        (["10.0.0.0/25", "10.0.1.0/24"], "10.0.0.0/23", false), ([], "10.0.0.0/8", false),
        (["0.0.0.0/0"], "0.0.0.0/0", true), (["::/1", "8000::/1"], "::/0", true), (["::/1"], "10.0.0.0/8", false),
    ])
    func `a set holds a block, in parts too`(blocks: [String], block: String, expected: Bool) throws {
        let set = CIDRSet(try blocks.map { text throws(CIDR.ParseError) in try CIDR(text) })
        #expect(set.contains(try CIDR(block)) == expected)
    }

    @Test(arguments: ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1", "0.0.0.0/0"])
    func `a block is written as it is read`(text: String) throws {
        #expect(try CIDR(text).description == text)
    }

    @Test(
        "which of the blocks an address is in: the smallest, as it was written",
        arguments: [
            ("10.1.2.3", "10.1.0.0/16"), ("10.2.0.0", "10.0.0.0/8"), ("192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::/32"), ("192.0.2.2", nil), ("::1", nil), ("0.0.0.1", nil),
        ])
    func block(_ address: String, _ block: String?) throws {
        let blocks = ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.1", "2001:db8::/32"]
        let set = CIDRSet(try blocks.map { try CIDR($0) })
        let found = set.block(containing: try #require(IPAddress(address)))
        #expect(found?.description == block)
        #expect(set.blocks.map(\.description) == blocks)
        #expect(set.contains(try #require(IPAddress(address))) == (block != nil))
    }
}
