internal import CInspection

/// Looks into JSON messages with simdjson. Its memory grows to the largest message and is used again: in the steady
/// state a message costs no allocation. One for each worker; it cannot be shared or copied.
///
/// What counts as a match leans toward finding: a client must not be able to hide from the gateway what the upstream
/// would see.
/// - A key that stands more than once counts in each of its places, at every level.
/// - Keys and strings compare without their escapes.
/// - A message that is not JSON: what stands before the error counts, since a streaming reader behind the gateway may
///   have acted on it. Nothing found is no match: to demand JSON at all is another rule's work.
/// - Several values in one message, and bytes behind the first, are looked at value by value; control characters and
///   bytes that are not UTF-8 do not stop the search.
@safe package struct JSONInspector: ~Copyable {
    package enum Outcome: Sendable, Hashable {
        case match
        case noMatch
        /// Memory ran out, and nothing is known of the message: the caller must fail closed.
        case failed
    }

    // nil where memory ran out at the start: every message then fails.
    let handle: OpaquePointer?

    package init() {
        unsafe handle = inspection_parser_create()
    }

    deinit {
        // Owned alone: made in `init`, ~Copyable, freed once.
        if let handle = unsafe handle { unsafe inspection_parser_destroy(handle) }
    }

    /// Whether any value that the test's pointer names in `message` is the expected one. Linear in the message's length.
    package mutating func matches(_ test: JSONTest, in message: Span<UInt8>) -> Outcome {
        guard let handle = unsafe handle else { return .failed }
        // The bytes are good for the call and copied in it; `mutating` keeps a second call out of the parser's memory.
        let outcome = unsafe message.withUnsafeBufferPointer { buffer in
            unsafe inspection_matches(handle, test.handle, buffer.baseAddress, buffer.count)
        }
        return switch outcome {
        case INSPECTION_MATCH: .match
        case INSPECTION_NO_MATCH: .noMatch
        default: .failed
        }
    }
}
