internal import Glibc

/// A system call that failed.
package struct SystemError: Error, Sendable, CustomStringConvertible {
    /// The call and what it was for, such as `bind 0.0.0.0:443`.
    package let operation: String
    package let code: Int32

    /// Takes `errno` as the call has just left it.
    package init(_ operation: String) {
        self.init(operation, code: errno)
    }

    init(_ operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }

    package var description: String {
        // strerror gives a string that lives until the next call on this thread; it is copied here.
        let text = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        return "\(operation): \(text)"
    }
}
