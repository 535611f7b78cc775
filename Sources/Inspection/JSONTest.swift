internal import CInspection

/// A JSON pointer and the scalar that is expected at its end, compiled once so that a message costs no allocation.
@safe package final class JSONTest: Sendable {
    /// What can be compared. Numbers compare by value: 1, 1.0 and 1e0 are the integer 1.
    package enum Scalar: Sendable, Hashable {
        case string(String)
        case integer(Int64)
        case double(Double)
        case boolean(Bool)
        case null
        /// A string, whatever it holds.
        case anyString
    }

    // Safe to share: what it points to is never written after `init`, is freed only in `deinit`, and
    // `inspection_matches` takes it as const.
    nonisolated(unsafe) let handle: OpaquePointer

    /// `tokens` are those of an RFC 6901 pointer with `~0` and `~1` resolved; none means the whole document.
    /// nil with more than 256 tokens, or where memory ran out.
    package init?(tokens: [String], equals expected: Scalar) {
        // One array of bytes, so that every pointer into it is good for the whole call.
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        func append(_ text: String) {
            let start = bytes.count
            bytes.append(contentsOf: text.utf8)
            ranges.append(start..<bytes.count)
        }
        for token in tokens { append(token) }
        if case .string(let text) = expected { append(text) } else { append("") }

        // The C side copies what it is given before it returns, and the bytes outlive the call.
        let made = unsafe bytes.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            let parts = unsafe ranges.map { range in
                unsafe inspection_bytes(
                    bytes: buffer.baseAddress.map { unsafe $0 + range.lowerBound }, length: range.count)
            }
            var scalar = unsafe inspection_scalar(
                kind: INSPECTION_NULL, integer: 0, number: 0, string: parts[tokens.count])
            switch expected {
            case .string: unsafe scalar.kind = INSPECTION_STRING
            case .integer(let value):
                unsafe scalar.kind = INSPECTION_INTEGER
                unsafe scalar.integer = value
            case .double(let value):
                unsafe scalar.kind = INSPECTION_DOUBLE
                unsafe scalar.number = value
            case .boolean(let value):
                unsafe scalar.kind = INSPECTION_BOOLEAN
                unsafe scalar.integer = value ? 1 : 0
            case .null: break
            case .anyString: unsafe scalar.kind = INSPECTION_ANY_STRING
            }
            return unsafe inspection_test_create(parts, tokens.count, &scalar)
        }
        guard let made = unsafe made else { return nil }
        unsafe handle = made
    }

    deinit {
        unsafe inspection_test_destroy(handle)
    }
}
