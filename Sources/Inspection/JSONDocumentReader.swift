internal import CInspection

/// Reads JSON messages into flat rows of nodes, a message once for all that looks into it. Its memory grows to the largest
/// message and is used again: in the steady state a message costs no allocation. One for each worker; it cannot be shared
/// or copied.
///
/// What is read is RFC 8259 and nothing else: one value, with white space around it. Beyond the grammar, a text is not
/// JSON here that nests arrays and objects deeper than 512 (section 9 allows a limit), or that has half a surrogate pair
/// in a string (section 8.2: readers differ in what they make of it).
///
/// Memory for a message of n bytes is at most 34 n and some kilobytes.
@safe package struct JSONDocumentReader: ~Copyable {
    package enum Outcome: Sendable, Hashable {
        case json
        case notJSON
        /// Memory ran out, or the message is longer than 1 GiB, and nothing is known of it: the caller must fail closed.
        case failed
    }

    // nil where memory ran out at the start: every message then fails.
    private let handle: OpaquePointer?

    package init() {
        unsafe handle = inspection_document_create(JSONHash.seed)
    }

    deinit {
        // Owned alone: made in `init`, ~Copyable, freed once.
        if let handle = unsafe handle { unsafe inspection_document_destroy(handle) }
    }

    /// Reads a message. Linear in its length.
    package mutating func read(_ message: Span<UInt8>) -> Outcome {
        guard let handle = unsafe handle else { return .failed }
        // The bytes are good for the call and copied in it.
        let reading = unsafe message.withUnsafeBufferPointer { buffer in
            unsafe inspection_document_read(handle, buffer.baseAddress, buffer.count)
        }
        return switch reading {
        case INSPECTION_DOCUMENT_JSON: .json
        case INSPECTION_DOCUMENT_NOT_JSON: .notJSON
        default: .failed
        }
    }

    /// Lends what the latest `read` gave, which is nil unless that was `.json`.
    package borrowing func withDocument<Result: ~Copyable, Failure: Error>(
        _ body: (borrowing JSONDocument) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let handle = unsafe handle else { return nil }
        let tape = unsafe inspection_document_tape(handle)
        guard unsafe tape.count > 0 else { return nil }
        // Good as long as the reader does not read again, which needs it mutable; and the document cannot be kept.
        let document = unsafe JSONDocument(tape)
        return try body(document)
    }

    /// Where a text that is not JSON ends to be JSON, in bytes. For files: it reads the text again, and slowly.
    package mutating func fault(in text: Span<UInt8>) -> Int {
        guard let handle = unsafe handle else { return 0 }
        return unsafe text.withUnsafeBufferPointer { buffer in
            unsafe Int(inspection_document_fault(handle, buffer.baseAddress, buffer.count))
        }
    }
}
