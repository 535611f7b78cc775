internal import COpenSSL
internal import Glibc

/// What OpenSSL says of a TLS operation that failed. Never holds key material or peer data.
package struct TLSError: Error, Sendable, CustomStringConvertible {
    /// What was tried, such as `load certificate certs/server.pem`.
    package let operation: String
    /// OpenSSL's reason, such as `no suitable signature algorithm`; `connection ended` where it gives none.
    package let reason: String

    package init(operation: String, reason: String) {
        self.operation = operation
        self.reason = reason
    }

    package var description: String { "\(operation): \(reason)" }

    /// Takes the oldest error off this thread's OpenSSL queue and empties it, so that it cannot be read as another's.
    static func fromQueue(_ operation: String) -> TLSError {
        let code = ERR_get_error()
        ERR_clear_error()
        // ERR_SYSTEM_ERROR, a macro that Swift does not see: OpenSSL has no words for an errno.
        if code & 0x8000_0000 != 0, let text = unsafe strerror(Int32(truncatingIfNeeded: code & 0x7fff_ffff)) {
            // Lives until the next call on this thread, and is copied here.
            return unsafe TLSError(operation: operation, reason: String(cString: text))
        }
        // The string is a constant of OpenSSL's own, or nil for a code without one.
        guard code != 0, let text = unsafe ERR_reason_error_string(code) else {
            return TLSError(operation: operation, reason: "connection ended")
        }
        return unsafe TLSError(operation: operation, reason: String(cString: text))
    }
}
