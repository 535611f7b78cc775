/// Keeps account of what the windows of two peers hold, one way: whether a compressed message of the one may go on to the other
/// as it came, and whether what the gateway deflates itself may refer back. Messages that are not compressed do not count:
/// they change no window (RFC 7692 7.2).
package struct ContextLedger: Sendable, Equatable {
    /// What was agreed on with one of the peers for this way.
    package struct Leg: Sendable, Equatable {
        /// Whether the window lives on from one message to the next.
        package let keepsContext: Bool
        /// 8 to 15, as the power of two.
        package let windowBits: Int

        package init(keepsContext: Bool, windowBits: Int) {
            self.keepsContext = keepsContext
            self.windowBits = windowBits
        }
    }

    private let sender: Leg
    private let receiver: Leg
    /// Bytes of the compressed messages of the sender, inflated.
    private var count = 0
    /// All of them have gone on as they came, and nothing else has: both windows hold the same.
    private var isInStep = true
    /// Whether the window of the receiver ends with what the gateway has deflated last.
    package private(set) var mayReferToOwn = false

    /// nil where one of the two has not agreed on compression.
    package init?(from sender: Leg?, to receiver: Leg?) {
        guard let sender, let receiver else { return nil }
        self.sender = sender
        self.receiver = receiver
    }

    /// Whether the next compressed message, of so many bytes inflated, means the same to the receiver.
    package func mayPassOn(_ bytes: Int) -> Bool {
        // How far back it may refer: not beyond its own beginning, or not beyond that of the connection.
        let reach: Int
        if !sender.keepsContext || count == 0 {
            reach = bytes
        } else if isInStep, receiver.keepsContext {
            reach = Self.sum(count, bytes)
        } else {
            return false
        }
        return min(reach, 1 << sender.windowBits) <= 1 << receiver.windowBits
    }

    /// A compressed message of the sender, of so many bytes inflated, has gone on as it came.
    package mutating func passedOn(_ bytes: Int) {
        count = Self.sum(count, bytes)
        mayReferToOwn = false
    }

    /// One has gone on in another form, or not at all.
    package mutating func withheld(_ bytes: Int) {
        count = Self.sum(count, bytes)
        if bytes > 0 { isInStep = false }
    }

    /// The receiver has got something that the gateway has deflated.
    package mutating func sentOwn() {
        isInStep = false
        mayReferToOwn = true
    }

    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
