internal import COpenSSL

/// That a call into OpenSSL failed.
package struct CryptoError: Error, Sendable, CustomStringConvertible {
    /// What was tried, such as `sign`. Never holds key material.
    package let operation: String
    /// OpenSSL's own words for why; empty where it left none.
    package let reason: String

    package init(operation: String, reason: String) {
        self.operation = operation
        self.reason = reason
    }

    /// Takes the reason out of this thread's error queue, which is empty afterwards.
    static func last(_ operation: String) -> CryptoError {
        CryptoError(operation: operation, reason: takeReason())
    }

    package var description: String {
        reason.isEmpty ? "cannot \(operation)" : "cannot \(operation): \(reason)"
    }

    private static func takeReason() -> String {
        // Unsafe: OpenSSL writes at most the capacity that it is told, and ends it with a zero.
        let code = ERR_peek_error()
        ERR_clear_error()
        guard code != 0 else { return "" }
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress else { return "" }
            unsafe ERR_error_string_n(code, start, buffer.count)
            return unsafe String(cString: start)
        }
    }
}
