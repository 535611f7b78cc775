internal import COpenSSL
internal import Glibc

/// That a call into OpenSSL failed.
package struct CryptoError: Error, Sendable, CustomStringConvertible {
    /// What was tried, such as `sign`. Never holds key material or a peer's data.
    package let operation: String
    /// OpenSSL's own words for why, or the system's; empty where it left none.
    package let reason: String
    /// That it was the certificate which a TLS peer has shown, or has not.
    package let peerCertificate: PeerCertificate?

    package enum PeerCertificate: Sendable {
        case missing
        case invalid
    }

    package init(operation: String, reason: String, peerCertificate: PeerCertificate? = nil) {
        self.operation = operation
        self.reason = reason
        self.peerCertificate = peerCertificate
    }

    /// Takes the reason out of this thread's error queue, which is empty afterwards.
    static func last(_ operation: String) -> CryptoError {
        CryptoError(operation: operation, reason: takeReason())
    }

    package var description: String {
        reason.isEmpty ? "cannot \(operation)" : "cannot \(operation): \(reason)"
    }

    /// The oldest error of the queue. All of it is emptied, so that it cannot be read as another operation's.
    private static func takeReason() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        // ERR_SYSTEM_ERROR, a macro that Swift does not see: OpenSSL has no words for an errno.
        if code & 0x8000_0000 != 0, let text = unsafe strerror(Int32(truncatingIfNeeded: code & 0x7fff_ffff)) {
            // Lives until the next call on this thread, and is copied here.
            return unsafe String(cString: text)
        }
        // The string is a constant of OpenSSL's own, or nil for a code without one.
        guard code != 0, let text = unsafe ERR_reason_error_string(code) else { return "" }
        return unsafe String(cString: text)
    }
}
