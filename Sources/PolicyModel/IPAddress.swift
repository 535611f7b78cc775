/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (`::ffff:1.2.3.4`) is its IPv4 address.
package enum IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// In host order: `1.2.3.4` is `0x01020304`.
    case v4(UInt32)
    /// In host order.
    case v6(UInt128)

    /// The address of 16 network-order bytes, as one number in host order.
    package init(ipv6 value: UInt128) {
        self = value >> 32 == 0xffff ? .v4(UInt32(truncatingIfNeeded: value)) : .v6(value)
    }

    /// Reads dotted decimal (four numbers, no leading zeros) or RFC 4291 text (no zone). nil for anything else.
    package init?(_ text: some StringProtocol) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let value = Self.parseIPv6(Substring(text)) else { return nil }
            self.init(ipv6: value)
        } else {
            guard let value = Self.parseIPv4(Substring(text)) else { return nil }
            self = .v4(value)
        }
    }

    /// The address with all but its first bits cleared: IPv4 as it is, IPv6 by `ipv6Prefix` (0 to 128). Clients are
    /// counted by this, since one IPv6 host owns a whole network.
    package func network(ipv6Prefix: Int) -> IPAddress {
        guard case .v6(let value) = self else { return self }
        let kept = max(0, min(128, ipv6Prefix))
        return .v6(kept == 0 ? 0 : value & (UInt128.max << UInt128(128 - kept)))
    }

    /// What ``network(ipv6Prefix:)`` has made of a client's address, for people: `192.0.2.1`, `2001:db8::/64`.
    package func named(ipv6Prefix: Int) -> String {
        if case .v6 = self, ipv6Prefix < 128 { "\(self)/\(ipv6Prefix)" } else { description }
    }

    /// Whether it is this machine itself: 127.0.0.0/8 and ::1.
    package var isLoopback: Bool {
        switch self {
        case .v4(let value): value >> 24 == 127
        case .v6(let value): value == 1
        }
    }

    package var description: String {
        switch self {
        case .v4(let value):
            Self.describeIPv4(value)
        case .v6(let value):
            Self.describeIPv6(value)
        }
    }

    private static func describeIPv4(_ value: UInt32) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(15)
        for shift: UInt32 in [24, 16, 8, 0] {
            let octet = UInt8(truncatingIfNeeded: value >> shift)
            if octet >= 100 { text.append(UInt8(ascii: "0") + octet / 100) }
            if octet >= 10 { text.append(UInt8(ascii: "0") + octet / 10 % 10) }
            text.append(UInt8(ascii: "0") + octet % 10)
            if shift > 0 { text.append(UInt8(ascii: ".")) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func parseIPv4(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (48...57).contains($0) }),
                part == "0" || part.first != "0", let octet = UInt8(part)
            else { return nil }
            value = value << 8 | UInt32(octet)
        }
        return value
    }

    private static func parseIPv6(_ text: Substring) -> UInt128? {
        guard text.utf8.count <= 45 else { return nil }
        let halves = text.components(separatedByDoubleColon: ())
        guard let halves else { return nil }
        guard let head = groups(halves.0, isTail: halves.1 == nil) else { return nil }
        guard let tailText = halves.1 else {
            return head.count == 8 ? join(head) : nil
        }
        guard let tail = groups(tailText, isTail: true), head.count + tail.count <= 7 else { return nil }
        return join(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    /// The 16-bit groups of one side of `::`; the last one of a tail may be dotted IPv4.
    private static func groups(_ text: Substring, isTail: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var result: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if isTail, index == parts.count - 1, part.contains(".") {
                guard let v4 = parseIPv4(part) else { return nil }
                result.append(UInt16(v4 >> 16))
                result.append(UInt16(v4 & 0xffff))
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(\.isHexDigit),
                let group = UInt16(part, radix: 16)
            else { return nil }
            result.append(group)
        }
        return result.count <= 8 ? result : nil
    }

    private static func join(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    /// RFC 5952: lower case, the longest run of two zero groups or more as `::`, the first one of equals.
    private static func describeIPv6(_ value: UInt128) -> String {
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(112 - 16 * $0)) }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(1, best.count) { best = start..<end }
            start = max(end, start + 1)
        }
        let text = { (range: Range<Int>) in groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty ? text(0..<8) : text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
    }
}

extension Substring {
    /// What stands before and after `::`; the second is nil without one, and nil for all where there are two.
    fileprivate func components(separatedByDoubleColon: Void) -> (Substring, Substring?)? {
        var index = startIndex
        while index < endIndex {
            let next = self.index(after: index)
            if self[index] == ":", next < endIndex, self[next] == ":" {
                let rest = self[self.index(after: next)...]
                var probe = rest.startIndex
                while probe < rest.endIndex {
                    let following = rest.index(after: probe)
                    if rest[probe] == ":", following < rest.endIndex, rest[following] == ":" { return nil }
                    probe = following
                }
                return rest.first == ":" ? nil : (self[..<index], rest)
            }
            index = next
        }
        return (self, nil)
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
