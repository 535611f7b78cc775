package import PolicyModel

/// What can be asked of a client's address alone, and what the answers leave behind.
package struct AddressQuestion: Sendable {
    package let address: IPAddress
    /// Nanoseconds of a clock that never goes back.
    package let monotonic: Int64
    /// Held as long as the connection lives.
    package var leases: [ConnectionLease] = []
    /// nil where nobody wants to know what the checks have seen.
    package var trace: ChainTrace?

    package init(_ address: IPAddress, monotonic: Int64, trace: ChainTrace? = nil) {
        self.address = address
        self.monotonic = monotonic
        self.trace = trace
    }

    /// See ``HandshakeContext/note(_:)``.
    mutating func note(_ text: @autoclosure () -> String) {
        guard trace != nil else { return }
        trace?.note(text())
    }
}
