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
/// - A message in UTF-16 or UTF-32 is looked at as well: some servers read it as they read UTF-8.
@safe package struct JSONInspector: ~Copyable {
    // nil where memory ran out at the start: every message then fails.
    let handle: OpaquePointer?

    package init() {
        unsafe handle = inspection_parser_create()
    }

    deinit {
        // Owned alone: made in `init`, ~Copyable, freed once.
        if let handle = unsafe handle { unsafe inspection_parser_destroy(handle) }
    }
}
