/// An address block, such as `10.0.0.0/8`.
package struct CIDR: Sendable, Hashable, CustomStringConvertible {
    package enum ParseError: Error, Hashable {
        case notAnAddress
        case prefixOutOfRange
        /// Bits are set behind the prefix; the block that was probably meant.
        case hostBitsSet(String)
    }

    package let address: IPAddress
    package let prefix: Int

    /// Reads `ADDRESS/PREFIX`, or an address alone for that one address.
    package init(_ text: String) throws(ParseError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let parsed = IPAddress(first) else { throw .notAnAddress }
        var width = 128
        if case .v4 = parsed { width = 32 }
        var prefix = width
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), var number = Int(parts[1]) else {
                throw .prefixOutOfRange
            }
            // A mapped block counts its prefix in IPv6 bits.
            if width == 32, first.contains(":") { number -= 96 }
            guard (0...width).contains(number) else { throw .prefixOutOfRange }
            prefix = number
        }
        let base = Self.masked(parsed, prefix)
        guard base == parsed else { throw .hostBitsSet("\(base)/\(prefix)") }
        self.address = parsed
        self.prefix = prefix
    }

    package func contains(_ other: IPAddress) -> Bool {
        switch (address, other) {
        case (.v4, .v4), (.v6, .v6): Self.masked(other, prefix) == address
        default: false
        }
    }

    /// `10.0.0.0/8`; an address alone for a block of that one.
    package var description: String {
        let width = if case .v4 = address { 32 } else { 128 }
        return prefix == width ? address.description : "\(address)/\(prefix)"
    }

    private static func masked(_ address: IPAddress, _ prefix: Int) -> IPAddress {
        switch address {
        case .v4(let value): .v4(prefix == 0 ? 0 : value & (UInt32.max << UInt32(32 - prefix)))
        case .v6: address.network(ipv6Prefix: prefix)
        }
    }
}

/// Addresses by the block: sorted ranges that do not touch, so that a look-up is one binary search.
package struct CIDRSet: Sendable {
    /// As they were given, in their order.
    package let blocks: [CIDR]
    private var v4: Ranges<UInt32>
    private var v6: Ranges<UInt128>

    package init(_ blocks: [CIDR]) {
        var v4: [ClosedRange<UInt32>] = []
        var v6: [ClosedRange<UInt128>] = []
        for block in blocks {
            switch block.address {
            case .v4(let first):
                v4.append(first...(first | (block.prefix == 32 ? 0 : UInt32.max >> UInt32(block.prefix))))
            case .v6(let first):
                v6.append(first...(first | (block.prefix == 128 ? 0 : UInt128.max >> UInt128(block.prefix))))
            }
        }
        self.blocks = blocks
        self.v4 = Ranges(v4)
        self.v6 = Ranges(v6)
    }

    package var isEmpty: Bool { v4.isEmpty && v6.isEmpty }

    /// The smallest of the blocks that an address is in; nil where it is in none. Looks at all of them: for people, who want to
    /// know which line it was.
    package func block(containing address: IPAddress) -> CIDR? {
        blocks.filter { $0.contains(address) }.max { $0.prefix < $1.prefix }
    }

    package func contains(_ address: IPAddress) -> Bool {
        switch address {
        case .v4(let value): v4.contains(value)
        case .v6(let value): v6.contains(value)
        }
    }
}

private struct Ranges<Bound: FixedWidthInteger & Sendable>: Sendable {
    private var first: [Bound] = []
    private var last: [Bound] = []

    init(_ ranges: [ClosedRange<Bound>]) {
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let previous = last.last, previous == .max || range.lowerBound <= previous + 1 {
                last[last.count - 1] = max(previous, range.upperBound)
            } else {
                first.append(range.lowerBound)
                last.append(range.upperBound)
            }
        }
    }

    var isEmpty: Bool { first.isEmpty }

    func contains(_ value: Bound) -> Bool {
        var low = 0
        var high = first.count
        while low < high {
            let middle = (low + high) / 2
            if first[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low > 0 && last[low - 1] >= value
    }
}
