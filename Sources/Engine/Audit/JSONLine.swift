/// One line of JSON, written field by field (RFC 8259). Values are escaped; names are ours and need no escaping.
struct JSONLine {
    private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]
    private var needsComma = false

    private mutating func name(_ name: StaticString) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: name.description.utf8)
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

    /// An object of its own, which `body` fills.
    mutating func add(_ name: StaticString, object body: (inout JSONLine) -> Void) {
        self.name(name)
        var inner = JSONLine()
        body(&inner)
        bytes.append(contentsOf: inner.bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    /// A list of objects, left out where it is empty.
    mutating func add<Element>(_ name: StaticString, _ list: [Element], _ body: (inout JSONLine, Element) -> Void) {
        guard !list.isEmpty else { return }
        self.name(name)
        var separator = UInt8(ascii: "[")
        for element in list {
            bytes.append(separator)
            separator = UInt8(ascii: ",")
            var inner = JSONLine()
            body(&inner, element)
            bytes.append(contentsOf: inner.bytes)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20, 0x7f:
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default:
                bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The line with its end.
    consuming func finished() -> [UInt8] {
        bytes.append(contentsOf: "}\n".utf8)
        return bytes
    }
}
