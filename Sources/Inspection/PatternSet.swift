internal import CInspection

/// Patterns that are looked for all at once: one pass over a text says which of them match. Threads share it.
@safe package final class PatternSet: Sendable {
    /// What `Pattern` can be made of.
    package enum Source: Sendable, Hashable {
        /// In RE2's syntax.
        case expression(String)
        /// Exactly these characters.
        case literal(String)
    }

    /// Patterns that there are.
    package let count: Int

    // Safe to share: freed only in `deinit`, and RE2 guards what it changes in it (its caches) with locks of its own.
    nonisolated(unsafe) private let handle: OpaquePointer

    /// Program and caches take no more than 32 MiB for all together. Throws for what `Pattern` would throw for, its named
    /// groups apart, and where there are more patterns than memory has room for.
    package init(_ patterns: [Source]) throws(PatternError) {
        guard let handle = unsafe inspection_pattern_set_create() else { throw PatternError("out of memory") }
        unsafe self.handle = handle
        count = patterns.count
        for (index, pattern) in patterns.enumerated() {
            let (text, isLiteral) =
                switch pattern {
                case .expression(let text): (text, false)
                case .literal(let text): (text, true)
                }
            // What is handed over is good for the call, and copied in it.
            try unsafe PatternError.unwrap(at: index) { message in
                let isAdded = unsafe text.withBytes { bytes in
                    unsafe inspection_pattern_set_add(handle, bytes, isLiteral, message.baseAddress, message.count)
                }
                return isAdded ? () : nil
            }
        }
        guard unsafe inspection_pattern_set_compile(handle) else {
            throw PatternError("the patterns take too much memory together")
        }
    }

    deinit {
        unsafe inspection_pattern_set_destroy(handle)
    }

    /// Whether each pattern matches anywhere in `text`: `hits` has a bit for each of them. One pass where none does, two
    /// where any does. Matches as `Pattern` does.
    package func match(_ text: Span<UInt8>, into hits: inout TestBits) -> ScanOutcome {
        hits.reset(count: count)
        guard count > 0 else { return .scanned }
        // The bytes are good for the call, and the words are as many as the patterns need.
        let isKnown = hits.withWords { words in
            unsafe words.withUnsafeMutableBufferPointer { words in
                unsafe text.withBytes { unsafe inspection_pattern_set_match(handle, $0, words.baseAddress) }
            }
        }
        return isKnown ? .scanned : .failed
    }
}
