internal import CInspection

/// A change to what a JSON pointer names, compiled once. All that it does not change stays as it was, byte for byte. Threads
/// share it.
///
/// Keys compare without their escapes. Where one stands more than once, every place is changed: nobody can hide one of them
/// from a rule that removes it.
@safe package final class JSONEdit: Sendable {
    // Safe to share: what it points to is never written after `init`, is freed only in `deinit`, and is taken as const.
    nonisolated(unsafe) let handle: OpaquePointer

    /// Puts a value where the tokens of an RFC 6901 pointer (`~0` and `~1` resolved) lead; none means the whole document.
    ///
    /// A value that is there is replaced. A key that an object lacks is added behind its last member, and to an array the
    /// element behind its last, named by its index or `-`. Nothing is put where there is neither object nor array.
    ///
    /// nil with more than 256 tokens, or where memory ran out.
    package convenience init?(set pointer: [String]) {
        self.init(pointer, removes: false)
    }

    /// Takes out what the tokens lead to: a member with its key, an element of an array, and one comma for each. White space
    /// around what stays is left alone.
    ///
    /// nil for the whole document, with more than 256 tokens, or where memory ran out.
    package convenience init?(remove pointer: [String]) {
        self.init(pointer, removes: true)
    }

    private init?(_ pointer: [String], removes: Bool) {
        // The C side copies what it is given before it returns.
        let made = unsafe pointer.withParts { unsafe inspection_edit_create($0, $1, removes) }
        guard let made = unsafe made else { return nil }
        unsafe handle = made
    }

    deinit {
        unsafe inspection_edit_destroy(handle)
    }
}

package enum JSONEditOutcome: Sendable, Hashable {
    case edited
    /// The pointer names nothing that could be changed.
    case unchanged
    /// The message is no JSON text, as `isJSON` judges it: nothing was done.
    case notJSON
    /// The edited message would be longer than was allowed.
    case tooLarge
    /// The value to put there is no JSON text: the caller must fail closed.
    case failed
}

extension JSONInspector {
    /// Writes `message` as `edit` changes it to `output`, which is emptied first and keeps its memory; it stays empty unless
    /// the outcome is `edited`. `value` is the JSON text to set, and is not looked at where something is removed. `maximum`
    /// bounds the edited message, in bytes. Linear in the message and in what is written.
    package func apply(
        _ edit: JSONEdit, value: Span<UInt8>, to message: Span<UInt8>, into output: inout [UInt8], atMost maximum: Int
    ) -> JSONEditOutcome {
        output.removeAll(keepingCapacity: true)
        guard maximum >= 0 else { return .tooLarge }
        // Bytes are good for the calls.
        var length = 0
        let outcome = unsafe message.withBytes { message in
            unsafe value.withBytes { value in
                unsafe inspection_edit_measure(edit.handle, message, value, maximum, &length)
            }
        }
        switch outcome {
        case INSPECTION_EDITED: break
        case INSPECTION_UNCHANGED: return .unchanged
        case INSPECTION_NOT_JSON: return .notJSON
        case INSPECTION_TOO_LARGE: return .tooLarge
        default: return .failed
        }
        guard length > 0 else { return .edited }
        // There is room for `length` bytes, as many as were measured, and all of them are written.
        output.append(addingCapacity: length) { span in
            unsafe span.withUnsafeMutableBufferPointer { buffer, count in
                unsafe message.withBytes { message in
                    unsafe value.withBytes { value in
                        unsafe inspection_edit_write(edit.handle, message, value, buffer.baseAddress)
                    }
                }
                count = length
            }
        }
        return .edited
    }

    /// Whether `message` is one JSON text as RFC 8259 has it, white space around it allowed: in valid UTF-8, without a byte
    /// order mark, and no deeper than 512 arrays and objects. Numbers may have any length, and an escape may be half of a
    /// surrogate pair.
    package func isJSON(_ message: Span<UInt8>) -> Bool {
        // The bytes are good for the call.
        unsafe message.withBytes { unsafe inspection_is_json($0) }
    }
}
