/// Why a pattern is refused.
package struct PatternError: Error, Hashable, CustomStringConvertible {
    /// What is wrong and with which piece of the expression, in RE2's words: for a diagnostic to print.
    package let message: String
    /// Which pattern of a set it is; nil where it is the set as a whole, or no set.
    package let index: Int?

    init(_ message: String, at index: Int? = nil) {
        self.message = message
        self.index = index
    }

    package var description: String { message }

    /// Calls `body` with room for a message, and throws one where it gives nothing.
    static func unwrap<Value>(
        at index: Int? = nil, _ body: (_ message: UnsafeMutableBufferPointer<CChar>) -> Value?
    ) throws(PatternError) -> Value {
        var message = ""
        // Longer ones are cut off. `body` writes no more than there is room for, NUL included.
        let value = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
            unsafe buffer.initialize(repeating: 0)
            let value = unsafe body(buffer)
            if value == nil, let start = buffer.baseAddress { message = unsafe String(cString: start) }
            return value
        }
        guard let value else { throw PatternError(message.isEmpty ? "out of memory" : message, at: index) }
        return value
    }
}
