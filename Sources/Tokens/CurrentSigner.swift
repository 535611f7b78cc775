internal import Locking

/// The key that signs at the moment: a rotation puts another one in its place. Safe to use from any thread.
package final class CurrentSigner: Sendable {
    private let state = Lock<(any TokenSigner)?>(nil)

    /// Without a key.
    package init() {}

    /// nil where there is none.
    package var signer: (any TokenSigner)? { state.withLock { $0 } }

    /// From now on this one.
    package func replace(by signer: (any TokenSigner)?) {
        state.withLock { $0 = signer }
    }
}
