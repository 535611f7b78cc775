/// A set of ASCII bytes, kept as two words: asking is a shift and a mask, and a byte past ASCII is never in it.
struct ByteSet: Sendable {
    private let low: UInt64
    private let high: UInt64

    init(_ text: String) {
        var low: UInt64 = 0
        var high: UInt64 = 0
        for byte in text.utf8 where byte < 0x80 {
            if byte < 0x40 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 0x40) }
        }
        self.low = low
        self.high = high
    }

    func contains(_ byte: UInt8) -> Bool {
        guard byte < 0x80 else { return false }
        return (byte < 0x40 ? low : high) >> UInt64(byte & 0x3f) & 1 == 1
    }

    private static let alphanumerics = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

    /// RFC 9110 5.6.2: `tchar`.
    static let token = ByteSet(alphanumerics + "!#$%&'*+-.^_`|~")
    /// RFC 3986 2.3.
    static let unreserved = ByteSet(alphanumerics + "-._~")
    /// RFC 3986 3.3: `pchar` without `pct-encoded`, and the slash.
    static let path = ByteSet(alphanumerics + "-._~!$&'()*+,;=:@/")
    /// Of these, those that mean the same to every server whether they are percent-encoded or not: an encoded slash or
    /// semicolon may part nothing where a plain one does.
    static let decodedInPaths = ByteSet(alphanumerics + "-._~!$&'()*+,=:@")
    /// RFC 3986 3.4, and what browsers send as it is in a query (the WHATWG URL standard's query state).
    static let query = ByteSet(alphanumerics + "-._~!$&'()*+,;=:@/?[]{}|\\^`")
    /// What DNS names are made of; the underscore is used by service names.
    static let hostName = ByteSet(alphanumerics + "-._")
    static let base64 = ByteSet(alphanumerics + "+/")
}

extension UInt8 {
    /// Upper-case ASCII letters made lower-case, all else as it is.
    var asciiLowercased: UInt8 {
        self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self
    }

    /// The value of a hexadecimal digit.
    var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    /// RFC 5234 B.1: CTL.
    var isControl: Bool { self < 0x20 || self == 0x7f }
}

extension String {
    /// As a name or a value in a query: of its UTF-8 only unreserved characters stand as they are (RFC 3986 2.1, 2.3).
    package var percentEncoded: String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in utf8 {
            if ByteSet.unreserved.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension StringProtocol {
    /// Equal but for the case of ASCII letters. Bytes are compared: no Unicode equivalence takes part.
    package func equalsIgnoringCase(_ other: some StringProtocol) -> Bool {
        utf8.count == other.utf8.count
            && utf8.lazy.map(\.asciiLowercased).elementsEqual(other.utf8.lazy.map(\.asciiLowercased))
    }
}
