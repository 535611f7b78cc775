/// What a part of a policy says, whatever its layout, in a few bytes: of two versions of it that say the same the forms are
/// equal. Comments, the order of keys, quotes that change nothing and the place in a file are left out.
///
/// Good for comparison within one process, where forms of versions that differ are equal once in 2^64 times.
package struct PolicyForm: Sendable, Hashable {
    private let digest: Int

    /// Of what has been fed to `hasher`.
    package init(_ hasher: Hasher) {
        digest = hasher.finalize()
    }

    private init() {
        digest = 0
    }

    /// Of what is not there.
    package static let none = PolicyForm()
}
