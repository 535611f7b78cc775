/// One line of JSON, written field by field (RFC 8259). Values are escaped; names are ours and need no escaping.
struct JSONLine {
    private(set) var bytes: [UInt8]
    private var needsComma = false

    init() {
        bytes = []
        // Most lines fit.
        bytes.reserveCapacity(1024)
        bytes.append(UInt8(ascii: "{"))
    }

    private mutating func name(_ name: StaticString) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        bytes.append(UInt8(ascii: "\""))
        // The buffer is a constant of the program's.
        name.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: "\":".utf8)
    }

    mutating func add(_ name: StaticString, _ value: String) {
        self.name(name)
        quote(value)
    }

    /// Leaves the field out where there is no value.
    mutating func add(_ name: StaticString, _ value: String?) {
        if let value { add(name, value) }
    }

    mutating func add(_ name: StaticString, _ value: Int64) {
        self.name(name)
        bytes.append(contentsOf: String(value).utf8)
    }

    mutating func add(_ name: StaticString, _ value: Bool) {
        self.name(name)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// An object of its own, which `body` fills.
    mutating func add(_ name: StaticString, object body: (inout JSONLine) -> Void) {
        self.name(name)
        self.object(body)
    }

    /// A list of objects, left out where it is empty.
    mutating func add<Element>(_ name: StaticString, _ list: [Element], _ body: (inout JSONLine, Element) -> Void) {
        guard !list.isEmpty else { return }
        self.name(name)
        var separator = UInt8(ascii: "[")
        for element in list {
            bytes.append(separator)
            separator = UInt8(ascii: ",")
            object { body(&$0, element) }
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func object(_ body: (inout JSONLine) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        body(&self)
        needsComma = true
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        // Nearly every value is as it is, and one copy.
        if text.utf8.allSatisfy(Self.standsForItself) {
            bytes.append(contentsOf: text.utf8)
        } else {
            for byte in text.utf8 { escape(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        if Self.standsForItself(byte) {
            bytes.append(byte)
        } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        } else {
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        }
    }

    private static func standsForItself(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// The line with its end.
    consuming func finished() -> [UInt8] {
        bytes.append(contentsOf: "}\n".utf8)
        return bytes
    }
}
