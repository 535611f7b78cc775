import PeerText

/// One pass over JSON text by recursive descent, as deep as ``JSON/maximumDepth``.
struct JSONReader {
    struct Malformed: Error {}

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() throws(Malformed) -> ClaimValue {
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw Malformed() }
        return value
    }

    private mutating func value() throws(Malformed) -> ClaimValue {
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .boolean(true))
        case UInt8(ascii: "f"): return try literal("false", .boolean(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func object() throws(Malformed) -> [String: ClaimValue] {
        try enter()
        var members: [String: ClaimValue] = [:]
        // A claims set and a header have about so many.
        if depth == 1 { members.reserveCapacity(8) }
        if try !closes(with: UInt8(ascii: "}")) {
            repeat {
                skipSpace()
                let name = try string()
                skipSpace()
                try expect(UInt8(ascii: ":"))
                // Of two values for one name each reader may take another: neither is taken (RFC 7515 section 4).
                guard members.updateValue(try value(), forKey: name) == nil else { throw Malformed() }
            } while try continues(until: UInt8(ascii: "}"))
        }
        depth -= 1
        return members
    }

    private mutating func array() throws(Malformed) -> [ClaimValue] {
        try enter()
        var values: [ClaimValue] = []
        if try !closes(with: UInt8(ascii: "]")) {
            repeat {
                values.append(try value())
            } while try continues(until: UInt8(ascii: "]"))
        }
        depth -= 1
        return values
    }

    private mutating func string() throws(Malformed) -> String {
        try expect(UInt8(ascii: "\""))
        let start = position
        while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        var text = bytes[start..<position]
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                if text.allSatisfy({ $0 < 0x80 }) { return String(decoding: text, as: UTF8.self) }
                guard let string = String(validating: text, as: UTF8.self), string.isStreamSafe else {
                    throw Malformed()
                }
                return string
            case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
            case 0..<0x20: throw Malformed()
            default: text.append(byte)
            }
        }
        throw Malformed()
    }

    /// What stands behind a backslash, as UTF-8.
    private mutating func escape() throws(Malformed) -> [UInt8] {
        let byte = peek
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte ?? 0]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw Malformed()
        }
    }

    private mutating func unicodeEscape() throws(Malformed) -> [UInt8] {
        var code = try hexadecimal()
        if (0xD800..<0xDC00).contains(code) {
            try expect(UInt8(ascii: "\\"))
            try expect(UInt8(ascii: "u"))
            let low = try hexadecimal()
            guard (0xDC00..<0xE000).contains(low) else { throw Malformed() }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw Malformed() }
        return Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    private mutating func hexadecimal() throws(Malformed) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw Malformed()
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    /// RFC 8259 section 6: no leading zero, plus sign or bare point.
    private mutating func number() throws(Malformed) -> ClaimValue {
        let start = position
        var isInteger = true
        skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { try digits() }
        if skip(UInt8(ascii: ".")) {
            isInteger = false
            try digits()
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            isInteger = false
            if !skip(UInt8(ascii: "+")) { skip(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let double = Double(text), double.isFinite else { throw Malformed() }
        return .double(double)
    }

    private mutating func digits() throws(Malformed) {
        let start = position
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw Malformed() }
    }

    private mutating func literal(_ text: StaticString, _ value: ClaimValue) throws(Malformed) -> ClaimValue {
        for byte in text.description.utf8 { try expect(byte) }
        return value
    }

    private mutating func enter() throws(Malformed) {
        position += 1
        depth += 1
        guard depth <= JSON.maximumDepth else { throw Malformed() }
    }

    private mutating func closes(with byte: UInt8) throws(Malformed) -> Bool {
        skipSpace()
        return skip(byte)
    }

    /// After an element: true behind a comma, false behind the closing byte.
    private mutating func continues(until end: UInt8) throws(Malformed) -> Bool {
        skipSpace()
        if skip(UInt8(ascii: ",")) { return true }
        try expect(end)
        return false
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func expect(_ byte: UInt8) throws(Malformed) {
        guard skip(byte) else { throw Malformed() }
    }

    @discardableResult
    private mutating func skip(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }
}
