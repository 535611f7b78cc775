/// Which portcullis this is.
package enum Release {
    /// As the changelog names it.
    package static let version = "unreleased"
}
