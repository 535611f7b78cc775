internal import CInspection

/// Writes the RFC 6901 pointer to a value of a document, up to a number of bytes.
struct JSONPointerText {
    private var bytes: [UInt8] = []
    private let maximum: Int

    /// The pointer to the node, which may be a member's name and then stands for the member. Beyond `maximum` bytes it is
    /// cut at a whole character and ends in `…`. Linear in what stands before the node.
    static func of(_ target: Int, in document: borrowing JSONDocument, maximum: Int) -> String {
        var pointer = JSONPointerText(maximum: maximum)
        var index = 0
        while index != target && pointer.bytes.count <= maximum {
            guard let inner = pointer.step(from: index, toward: target, in: document) else { break }
            index = inner
        }
        return pointer.text
    }

    private init(maximum: Int) { self.maximum = maximum }

    /// Adds the token of the value in `container` that holds the target, and gives its node.
    private mutating func step(from container: Int, toward target: Int, in document: borrowing JSONDocument) -> Int? {
        let isObject = document.kind(container) == .object
        var index = container + 1
        for position in 0..<document.children(container) {
            let value = isObject ? index + 1 : index
            let next = document.next(value)
            if target < next {
                bytes.append(UInt8(ascii: "/"))
                if isObject {
                    document.withBytes(index) { name in append(name) }
                } else {
                    bytes.append(contentsOf: String(position).utf8)
                }
                // A name leads no further than its member.
                return target == index ? target : value
            }
            index = next
        }
        return nil
    }

    private mutating func append(_ name: Span<UInt8>) {
        for index in 0..<min(name.count, maximum + 1) {
            switch name[index] {
            case UInt8(ascii: "~"): bytes.append(contentsOf: "~0".utf8)
            case UInt8(ascii: "/"): bytes.append(contentsOf: "~1".utf8)
            case let byte: bytes.append(byte)
            }
        }
    }

    private var text: String {
        guard bytes.count > maximum else { return String(decoding: bytes, as: UTF8.self) }
        var end = maximum
        // A byte that goes on with a character: 10xxxxxx.
        while end > 0 && bytes[end] & 0xc0 == 0x80 { end -= 1 }
        return String(decoding: bytes[..<end], as: UTF8.self) + "…"
    }
}
