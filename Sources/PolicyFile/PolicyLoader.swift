package import PolicyModel

/// A policy file's bytes, and the name that diagnostics give it.
package struct PolicySource: Sendable {
    package let name: String
    package let bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// The bytes behind UTF-8's byte order mark, where there is one: lines and columns are counted without it.
    var text: [UInt8] {
        bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
    }
}

/// What reading policies gave.
package struct LoadedPolicy: Sendable {
    /// nil where any of the diagnostics is an error: half a policy is never used.
    package let policy: Policy?
    /// What could be read of it, for those who look at the files that it names. Never to be run.
    package let legible: Policy
    /// Everything that is wrong, by file, line and column.
    package let diagnostics: [Diagnostic]
    /// What was read, in the order in which it was read.
    package let sources: [PolicySource]
    /// Files that these name and that are a part of the policy: its version is made of their bytes, too.
    package let attachments: [PolicySource]
    /// Paths that stand in the policy, in order: of certificates, keys, schemas and whatever else: whether there is a file or not, and
    /// also where the policy cannot be used.
    package let namedFiles: [String]

    package init(
        policy: Policy?, legible: Policy, diagnostics: [Diagnostic], sources: [PolicySource],
        attachments: [PolicySource] = [], namedFiles: [String] = []
    ) {
        self.namedFiles = namedFiles
        self.policy = policy
        self.legible = legible
        self.diagnostics = diagnostics
        self.sources = sources
        self.attachments = attachments
    }

    /// The same with what somebody else has found wrong with it.
    package func adding(_ found: [Diagnostic]) -> LoadedPolicy {
        let isUsable = !found.contains { $0.severity == .error }
        return LoadedPolicy(
            policy: isUsable ? policy : nil, legible: legible, diagnostics: (diagnostics + found).sorted(),
            sources: sources, attachments: attachments, namedFiles: namedFiles)
    }

    /// The policy, or all that is wrong with it.
    package func get() throws(PolicyFileError) -> Policy {
        guard let policy else { throw PolicyFileError(diagnostics: diagnostics) }
        return policy
    }
}

/// From files to a ``Policy``.
package enum PolicyLoader {
    /// Reads a file, or a folder: all `*.yaml` that stand in it, in name order, except `*.test.yaml` and hidden ones. Files
    /// that these name are looked for in the folder `root`. `extensions` may be named beside the built-ins. `option`: the one by
    /// which a person says where the policies are; the error names it where there is nothing at `path`.
    package static func load(
        path: String, root: String = ".", extensions: ExtensionCatalog = ExtensionCatalog(), option: String? = nil
    ) -> LoadedPolicy {
        let found = PolicyFolder.read(path, option: option)
        // What could be read is decoded nevertheless, so that all there is to mend is seen at once.
        let isReadable = !found.diagnostics.contains { $0.severity == .error }
        let decoded = decode(found.sources, .inFolder(root), extensions, isComplete: isReadable)
        return LoadedPolicy(
            policy: isReadable ? decoded.policy : nil, legible: decoded.legible,
            diagnostics: (found.diagnostics + decoded.diagnostics).sorted(), sources: found.sources,
            attachments: decoded.attachments, namedFiles: decoded.namedFiles)
    }

    /// The files that ``load(path:root:extensions:)`` would read as policies, as far as can be told.
    package static func sourceFiles(path: String) -> [String] { PolicyFolder.files(path) }

    /// Decodes sources as the parts of one policy, in the order given. Does no I/O but by `files`.
    package static func decode(
        _ sources: [PolicySource], files: PolicyFiles = .none, extensions: ExtensionCatalog = ExtensionCatalog()
    ) -> LoadedPolicy {
        decode(sources, files, extensions, isComplete: true)
    }

    /// `isComplete`: nothing is known to be missing, so that a name without a definition is an error.
    private static func decode(
        _ sources: [PolicySource], _ files: PolicyFiles, _ extensions: ExtensionCatalog, isComplete: Bool
    ) -> LoadedPolicy {
        let decoder = PolicyDecoder(files: files, extensions: extensions)
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
        decoder.warnOfWhole(isComplete: isComplete)
        let diagnostics = WordEnds.adding(to: Set(decoder.diagnostics).sorted(), from: sources)
        let isUsable = !diagnostics.contains { $0.severity == .error }
        if isUsable { decoder.completeForms() }
        return LoadedPolicy(
            policy: isUsable ? decoder.policy : nil, legible: decoder.policy, diagnostics: diagnostics,
            sources: sources, attachments: decoder.attachments, namedFiles: decoder.namedFiles.sorted())
    }
}
