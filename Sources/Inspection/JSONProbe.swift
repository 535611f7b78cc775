internal import CInspection

/// Tests of the values in JSON messages, compiled once so that one pass over a message answers them all. Pointers that begin
/// alike are followed together, and how many keys are looked for in an object costs no time. Threads share it.
@safe package final class JSONProbe: Sendable {
    /// Tests that there are.
    package let count: Int

    // Safe to share: what it points to is never written after `init`, is freed only in `deinit`, and `inspection_scan` takes
    // it as const.
    nonisolated(unsafe) let handle: OpaquePointer

    // Kept alive for the handle, which points to them.
    private let patterns: [Pattern]

    /// nil where a pointer has more than 256 tokens, a number to compare with is infinite or none, or memory ran out.
    package init?(_ tests: [JSONPointerTest]) {
        guard tests.count < UInt32.max, let handle = unsafe inspection_probe_create() else { return nil }
        unsafe self.handle = handle
        count = tests.count
        patterns = tests.compactMap { if case .matches(let pattern) = $0.predicate { pattern } else { nil } }
        for (index, test) in tests.enumerated() {
            // Made for `handle` and used with it alone.
            let place = unsafe test.pointer.withParts { unsafe inspection_probe_place(handle, $0, $1) }
            guard place != INSPECTION_NO_PLACE, add(test.predicate, UInt32(index), at: place) else { return nil }
        }
    }

    deinit {
        unsafe inspection_probe_destroy(handle)
    }

    private func add(_ predicate: JSONPredicate, _ test: UInt32, at place: inspection_place) -> Bool {
        // The handle is this object's own and is not shared yet; scalars are copied in the call.
        switch predicate {
        case .equals(let value):
            unsafe value.withScalar { unsafe inspection_probe_expect(handle, place, test, $0) }
        case .oneOf(let values):
            values.allSatisfy { unsafe $0.withScalar { unsafe inspection_probe_expect(handle, place, test, $0) } }
        case .matches(let pattern):
            unsafe inspection_probe_expect_match(handle, place, test, pattern.handle)
        case .exists:
            unsafe inspection_probe_expect_any(handle, place, test)
        case .type(let type):
            unsafe inspection_probe_expect_type(handle, place, test, type.compiled)
        case .over(let number):
            unsafe number.scalar.withScalar {
                unsafe inspection_probe_expect_number(handle, place, test, INSPECTION_OVER, $0)
            }
        case .under(let number):
            unsafe number.scalar.withScalar {
                unsafe inspection_probe_expect_number(handle, place, test, INSPECTION_UNDER, $0)
            }
        }
    }
}

extension JSONInspector {
    /// Whether any value that its pointer names meets each test of `probe`: `hits` has a bit for each of them. Looks at the
    /// message as `JSONInspector` says, once, and where it is not JSON once more.
    ///
    /// One that is broken inside an object or an array goes on behind it: a test of one place is not put out by what is
    /// broken at another. A value that is there but cannot be read exists, and is nothing else.
    package mutating func scan(_ probe: JSONProbe, in message: Span<UInt8>, into hits: inout TestBits) -> ScanOutcome {
        hits.reset(count: probe.count)
        guard let handle = unsafe handle else { return .failed }
        guard probe.count > 0 else { return .scanned }
        // The bytes are good for the call and copied in it; the words are as many as the tests need; `mutating` keeps a
        // second call out of the parser's memory.
        let isKnown = hits.withWords { words in
            unsafe words.withUnsafeMutableBufferPointer { words in
                unsafe message.withBytes { unsafe inspection_scan(handle, probe.handle, $0, words.baseAddress) }
            }
        }
        return isKnown ? .scanned : .failed
    }
}

extension JSONDocument {
    /// Which tests of `probe` a message meets that has been read: the same as `JSONInspector.scan` finds in its text.
    package borrowing func scan(_ probe: JSONProbe, into hits: inout TestBits) -> ScanOutcome {
        hits.reset(count: probe.count)
        guard probe.count > 0 else { return .scanned }
        // The tape is good as long as the document is, and the words are as many as the tests need.
        var tape = unsafe tape
        let isKnown = hits.withWords { words in
            unsafe words.withUnsafeMutableBufferPointer { words in
                unsafe inspection_scan_tape(probe.handle, &tape, words.baseAddress)
            }
        }
        return isKnown ? .scanned : .failed
    }
}

extension [String] {
    /// Lends the bytes of all for a call.
    func withParts<Result>(_ body: (UnsafePointer<inspection_bytes>?, Int) -> Result) -> Result {
        // One array of bytes, so that every pointer into it is good for the whole call.
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        for text in self {
            let start = bytes.count
            bytes.append(contentsOf: text.utf8)
            ranges.append(start..<bytes.count)
        }
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            let parts = unsafe ranges.map { range in
                unsafe inspection_bytes(
                    bytes: buffer.baseAddress.map { unsafe $0 + range.lowerBound }, length: range.count)
            }
            return unsafe parts.withUnsafeBufferPointer { unsafe body($0.baseAddress, $0.count) }
        }
    }
}

extension JSONScalarValue {
    /// Lends what the C side reads for a call.
    fileprivate func withScalar<Result>(_ body: (UnsafePointer<inspection_scalar>) -> Result) -> Result {
        var scalar = unsafe inspection_scalar()
        switch self {
        case .string(let text):
            return unsafe text.withBytes { bytes in
                unsafe scalar.kind = INSPECTION_STRING
                unsafe scalar.string = bytes
                return unsafe withUnsafePointer(to: &scalar) { unsafe body($0) }
            }
        case .integer(let value):
            unsafe scalar.kind = INSPECTION_INTEGER
            unsafe scalar.integer = value
        case .double(let value):
            unsafe scalar.kind = INSPECTION_DOUBLE
            unsafe scalar.number = value
        case .boolean(let value):
            unsafe scalar.kind = INSPECTION_BOOLEAN
            unsafe scalar.integer = value ? 1 : 0
        case .null: unsafe scalar.kind = INSPECTION_NULL
        }
        return unsafe withUnsafePointer(to: &scalar) { unsafe body($0) }
    }
}

extension JSONNumber {
    fileprivate var scalar: JSONScalarValue {
        switch self {
        case .integer(let value): .integer(value)
        case .double(let value): .double(value)
        }
    }
}

extension JSONValueType {
    fileprivate var compiled: inspection_type {
        switch self {
        case .null: INSPECTION_TYPE_NULL
        case .boolean: INSPECTION_TYPE_BOOLEAN
        case .number: INSPECTION_TYPE_NUMBER
        case .integer: INSPECTION_TYPE_INTEGER
        case .string: INSPECTION_TYPE_STRING
        case .array: INSPECTION_TYPE_ARRAY
        case .object: INSPECTION_TYPE_OBJECT
        }
    }
}
