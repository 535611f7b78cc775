/// The host that a request is for (RFC 9110 7.2), in one spelling.
package struct RequestHost: Sendable, Hashable, CustomStringConvertible {
    /// Lower case, an IPv6 address without its brackets, without a dot at its end. Never empty.
    package let name: String
    /// 1 to 65535; nil where none was given.
    package let port: UInt16?

    /// Reads `name`, `name:port`, `[v6]` or `[v6]:port`. nil for anything else: user information, percent-encoding,
    /// empty labels, zones, an empty port.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        let end: Int
        if bytes.first == UInt8(ascii: "[") {
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")), Self.isIPv6(bytes[1..<bracket]) else {
                return nil
            }
            name = Self.lowercased(bytes[1..<bracket])
            end = bracket + 1
        } else {
            end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
            var host = bytes[..<end]
            if host.last == UInt8(ascii: ".") { host.removeLast() }
            guard Self.isName(host) else { return nil }
            name = Self.lowercased(host)
        }
        guard end < bytes.count else {
            port = nil
            return
        }
        let digits = bytes[(end + 1)...]
        guard bytes[end] == UInt8(ascii: ":"), (1...5).contains(digits.count), digits.allSatisfy(\.isDigit),
            let number = UInt16(String(decoding: digits, as: UTF8.self)), number > 0
        else { return nil }
        port = number
    }

    /// As in a `Host` field.
    package var description: String {
        let host = name.utf8.contains(UInt8(ascii: ":")) ? "[\(name)]" : name
        return if let port { "\(host):\(port)" } else { host }
    }

    /// Letters, digits, `-` and `_` in labels of 63 bytes at most, 253 bytes in all; dotted decimal is one of these.
    private static func isName(_ host: ArraySlice<UInt8>) -> Bool {
        guard (1...253).contains(host.count), host.allSatisfy(ByteSet.hostName.contains) else { return false }
        return host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .allSatisfy { (1...63).contains($0.count) }
    }

    /// The alphabet of RFC 4291 text; whether it is an address is asked only by who dials or compares addresses.
    private static func isIPv6(_ host: ArraySlice<UInt8>) -> Bool {
        let colons = host.count { $0 == UInt8(ascii: ":") }
        return host.count <= 45 && (2...7).contains(colons)
            && host.allSatisfy {
                $0.hexadecimalValue != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
            }
    }

    private static func lowercased(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.map(\.asciiLowercased), as: UTF8.self)
    }
}
