internal import CInspection

/// A regular expression in RE2's syntax, compiled once. Matching takes time linear in the text whatever the expression, and
/// threads share it.
///
/// Text is UTF-8. `.` matches any character but a newline unless `(?s)` stands before it, and `\b`, `\w` and `\d` know ASCII
/// alone. A byte that is not UTF-8 is matched by nothing but `\C`: no match goes across it, and what stands before or behind
/// it is found as ever.
@safe package final class Pattern: Sendable {
    /// Most named groups that a pattern may have.
    package static let maximumGroups = Int(INSPECTION_MAXIMUM_GROUPS)

    /// Names of the groups that have one, in the order in which they open.
    package let groupNames: [String]

    // Safe to share: freed only in `deinit`, and RE2 guards what it changes in it (its caches) with locks of its own.
    nonisolated(unsafe) let handle: OpaquePointer

    /// Program and caches take no more than 8 MiB. Throws for what RE2 cannot read, for an expression that would need more or
    /// is longer than 8 KiB, for more than 16 named groups, and for a named one behind 128 others.
    package convenience init(_ expression: String) throws(PatternError) {
        try self.init(expression, isLiteral: false)
    }

    /// Matches exactly these characters. Throws where there are none, or more than 8 KiB of them.
    package convenience init(literal: String) throws(PatternError) {
        try self.init(literal, isLiteral: true)
    }

    private init(_ text: String, isLiteral: Bool) throws(PatternError) {
        // What is handed over is good for the call, and copied in it.
        let handle = unsafe try PatternError.unwrap { message in
            unsafe text.withBytes { bytes in
                unsafe inspection_pattern_create(bytes, isLiteral, message.baseAddress, message.count)
            }
        }
        unsafe self.handle = handle
        groupNames = unsafe (0..<inspection_pattern_groups(handle)).map { index in
            // The name lives as long as the pattern, and is copied.
            let name = unsafe inspection_pattern_group(handle, index)
            return unsafe String(decoding: UnsafeBufferPointer(start: name.bytes, count: name.length), as: UTF8.self)
        }
    }

    deinit {
        unsafe inspection_pattern_destroy(handle)
    }

    /// Whether it matches anywhere in `text`. Where memory runs out it is taken to.
    package func matches(_ text: Span<UInt8>) -> Bool {
        // The bytes are good for the call.
        unsafe text.withBytes { unsafe inspection_pattern_matches(handle, $0) } != INSPECTION_NO_MATCH
    }

    /// Finds the first match that begins at `start` or behind it; `^` and `\b` see what stands before. False where there is
    /// none, or `start` is past the end. Where memory runs out, all from `start` on is taken to be the match.
    ///
    /// To find all of them, begin the next search at `nextStart`. Each search is linear in what it reads; all together can
    /// take the square of that where a short match is certain only once much behind it has been read, as of `a.*b|a`.
    package func firstMatch(in text: Span<UInt8>, from start: Int, into match: inout PatternMatch) -> Bool {
        guard start >= 0, start <= text.count else { return false }
        // The bytes are good for the call; the offsets have room for the groups that a pattern can have.
        let outcome = match.withOffsets { offsets in
            unsafe offsets.withUnsafeMutableBufferPointer { places in
                unsafe text.withBytes { unsafe inspection_pattern_find(handle, $0, start, places.baseAddress) }
            }
        }
        switch outcome {
        case INSPECTION_MATCH: return true
        case INSPECTION_NO_MATCH: return false
        default:
            match.set(to: start..<text.count)
            return true
        }
    }

    /// Where to look for the match behind `match`: at its end, or one whole character further where it was empty. Past the
    /// end of `text` when there cannot be another. A byte that is not UTF-8 is a character of its own.
    package static func nextStart(after match: PatternMatch, in text: Span<UInt8>) -> Int {
        let end = match.range.upperBound
        guard match.range.isEmpty else { return end }
        guard end < text.count else { return text.count + 1 }
        var next = end + 1
        // The longest sequence has four bytes.
        while next < text.count, next < end + 4, text[end] >= 0xc2, text[next] & 0xc0 == 0x80 { next += 1 }
        return next
    }
}

extension String {
    /// Lends its bytes for a call.
    func withBytes<Result>(_ body: (inspection_bytes) -> Result) -> Result {
        var text = self
        return text.withUTF8 { unsafe body(inspection_bytes(bytes: $0.baseAddress, length: $0.count)) }
    }
}

extension Span<UInt8> {
    /// Lends them for a call.
    func withBytes<Result>(_ body: (inspection_bytes) -> Result) -> Result {
        unsafe withUnsafeBufferPointer { unsafe body(inspection_bytes(bytes: $0.baseAddress, length: $0.count)) }
    }
}
