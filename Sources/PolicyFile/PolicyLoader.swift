package import PolicyModel

/// A policy file's bytes, and the name that diagnostics give it.
package struct PolicySource: Sendable {
    package let name: String
    package let bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

/// What reading policies gave.
package struct LoadedPolicy: Sendable {
    /// nil where any of the diagnostics is an error: half a policy is never used.
    package let policy: Policy?
    /// Everything that is wrong, by file, line and column.
    package let diagnostics: [Diagnostic]
    /// What was read, in the order in which it was read; its bytes identify the policy's version.
    package let sources: [PolicySource]

    package init(policy: Policy?, diagnostics: [Diagnostic], sources: [PolicySource]) {
        self.policy = policy
        self.diagnostics = diagnostics
        self.sources = sources
    }

    /// The policy, or all that is wrong with it.
    package func get() throws(PolicyFileError) -> Policy {
        guard let policy else { throw PolicyFileError(diagnostics: diagnostics) }
        return policy
    }
}

/// From files to a ``Policy``.
package enum PolicyLoader {
    /// Reads a file, or a folder: all `*.yaml` that stand in it, in name order, except `*.test.yaml` and hidden ones.
    package static func load(path: String) -> LoadedPolicy {
        let found = PolicyFolder.read(path)
        guard !found.diagnostics.contains(where: { $0.severity == .error }) else {
            // What could be read is decoded nevertheless, so that all there is to mend is seen at once.
            let decoded = decode(found.sources, isComplete: false)
            return LoadedPolicy(
                policy: nil, diagnostics: (found.diagnostics + decoded.diagnostics).sorted(), sources: found.sources)
        }
        let decoded = decode(found.sources)
        return LoadedPolicy(
            policy: decoded.policy, diagnostics: (found.diagnostics + decoded.diagnostics).sorted(),
            sources: found.sources)
    }

    /// Decodes sources as the parts of one policy, in the order given. Does no I/O.
    package static func decode(_ sources: [PolicySource]) -> LoadedPolicy {
        decode(sources, isComplete: true)
    }

    /// `isComplete`: nothing is known to be missing, so that a name without a definition is an error.
    private static func decode(_ sources: [PolicySource], isComplete: Bool) -> LoadedPolicy {
        let decoder = PolicyDecoder()
        var isComplete = isComplete
        for source in sources {
            let outcome = YAMLParser.parse(source)
            outcome.diagnostics.forEach(decoder.add)
            if outcome.root == nil, !outcome.diagnostics.isEmpty { isComplete = false }
            if let root = outcome.root { decoder.decode(document: root) }
        }
        if isComplete {
            decoder.checkReferences()
            decoder.checkCertificateVariables()
            decoder.checkNothingIsMissing(first: sources.first?.name ?? "policies")
        }
        let diagnostics = Set(decoder.diagnostics).sorted()
        let isUsable = !diagnostics.contains { $0.severity == .error }
        return LoadedPolicy(policy: isUsable ? decoder.policy : nil, diagnostics: diagnostics, sources: sources)
    }
}
