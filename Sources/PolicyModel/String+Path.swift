extension String {
    /// A path as it stands in a policy, as one of the file system: a relative one is relative to `folder`.
    package func resolved(in folder: String) -> String { hasPrefix("/") ? self : "\(folder)/\(self)" }
}
