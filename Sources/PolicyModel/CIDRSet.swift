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

    /// Whether all of `other` is in this block.
    package func contains(_ other: CIDR) -> Bool { prefix <= other.prefix && contains(other.address) }

    package func contains(_ other: IPAddress) -> Bool {
        switch (address, other) {
        case (.v4, .v4), (.v6, .v6): Self.masked(other, prefix) == address
        default: false
        }
    }

    /// As it is written: an address alone where it is one.
    package var description: String {
        switch (address, prefix) {
        case (.v4, 32), (.v6, 128): "\(address)"
        default: "\(address)/\(prefix)"
        }
    }

    fileprivate var last: IPAddress {
        switch address {
        case .v4(let first): .v4(first | (prefix == 32 ? 0 : UInt32.max >> UInt32(prefix)))
        case .v6(let first): .v6(first | (prefix == 128 ? 0 : UInt128.max >> UInt128(prefix)))
        }
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
            switch (block.address, block.last) {
            case (.v4(let first), .v4(let last)): v4.append(first...last)
            case (.v6(let first), .v6(let last)): v6.append(first...last)
            default: continue
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

extension CIDRSet {
    /// Whether all of a block is in the set, in one of its blocks or in several together.
    package func contains(_ block: CIDR) -> Bool {
        switch (block.address, block.last) {
        case (.v4(let first), .v4(let last)): v4.contains(first, through: last)
        case (.v6(let first), .v6(let last)): v6.contains(first, through: last)
        default: false
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

    func contains(_ value: Bound) -> Bool { contains(value, through: value) }

    /// Ranges do not touch, so that what is in several of them is not all in them.
    func contains(_ value: Bound, through end: Bound) -> Bool {
        var low = 0
        var high = first.count
        while low < high {
            let middle = (low + high) / 2
            if first[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low > 0 && last[low - 1] >= end
    }
}
