package import PolicyModel

/// From `*.test.yaml` files to a ``PolicyTestFile``.
package enum PolicyTestLoader {
    /// What the names of test files end in.
    package static let suffix = ".test.yaml"

    /// The test files at `path`, in name order: itself, where it is a file that is one, or those that stand in the folder. For a
    /// policy file, `NAME.yaml`, the `NAME.test.yaml` beside it. None where there are none; an error where nothing can be read.
    package static func files(at path: String) -> Result<[String], PolicyFileError> {
        PolicyFolder.testFiles(at: path)
    }

    /// Reads one file. All that is wrong with it is an error.
    package static func load(path: String, words: PolicyTestWords) -> Result<PolicyTestFile, PolicyFileError> {
        switch PolicyFiles.bytes(of: path, atMost: YAMLParser.maximumBytes + 1) {
        case .success(let bytes): return decode(PolicySource(name: path, bytes: bytes), words: words)
        case .failure(let problem):
            let start = SourcePosition(file: path, line: 1, column: 1)
            return .failure(
                PolicyFileError(diagnostics: [Diagnostic(position: start, message: "cannot be read: \(problem)")]))
        }
    }

    /// Decodes what stands in a file. Does no I/O.
    package static func decode(
        _ source: PolicySource, words: PolicyTestWords
    ) -> Result<PolicyTestFile, PolicyFileError> {
        let decoder = PolicyDecoder()
        let outcome = YAMLParser.parse(source)
        outcome.diagnostics.forEach(decoder.add)
        let start = SourcePosition(file: source.name, line: 1, column: 1)
        if outcome.root == nil, outcome.diagnostics.isEmpty {
            decoder.refuse(start, "there is nothing here; a test file has `tests: [{ name: …, expect: admitted }]`")
        }
        let file = outcome.root.flatMap { root in
            decoder.checked(root, PolicyTestDecoder(decoder: decoder, words: words).file)
        }
        guard let file, decoder.diagnostics.isEmpty else {
            return .failure(PolicyFileError(diagnostics: Set(decoder.diagnostics).sorted()))
        }
        return .success(file)
    }

    /// What a file names and a policy does not have: routes, rules, listeners and token issuers. By line.
    package static func unknownNames(in file: PolicyTestFile, of policy: Policy) -> [Diagnostic] {
        let routes = policy.routes.map(\.name)
        let rules = policy.routes.flatMap { $0.messages.map(\.name) + $0.rates.map(\.name) }
        let listeners = policy.listeners.map(\.name)
        let issuers = policy.tokenIssuers.map(\.name)
        var found: [Diagnostic] = []
        func look(_ name: String?, _ noun: String, _ known: [String], _ position: SourcePosition) {
            guard let name, !known.contains(name) else { return }
            var message = "the policy has no \(noun) \(quoted(name))"
            if let nearest = Suggestion.nearest(to: name, among: known) { message += "; did you mean `\(nearest)`?" }
            found.append(Diagnostic(position: position, message: message))
        }
        for test in file.cases {
            look(test.handshake.listener, "listener", listeners, test.position)
            if case .claims(let claims)? = test.handshake.credential {
                look(claims.issuer, "token issuer", issuers, test.position)
            }
            look(test.expectation.route, "route", routes, test.expectation.position)
            for message in test.messages {
                for rule in message.expectation.rules + (message.expectation.shadow ?? []) {
                    look(rule, "message rule", rules, message.expectation.position)
                }
            }
        }
        return found.sorted()
    }
}
