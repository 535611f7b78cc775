/// Whether all that was asked of a message is known.
package enum ScanOutcome: Sendable, Hashable {
    case scanned
    /// Memory ran out, and nothing is known of the message: the caller must fail closed.
    case failed
}
