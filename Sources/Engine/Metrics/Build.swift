/// Which gateway this is.
package enum Build {
    /// By Semantic Versioning; without a release behind it, `0.0.0-dev`.
    package static let version = "0.0.0-dev"
}
