import PolicyModel

/// Where the words of a policy file end: keys and values that stand in one line.
///
/// Read a second time for this, and only where something is wrong: who has no mistakes pays nothing.
enum WordEnds {
    /// The diagnostics with the columns in which they end, as far as a word of `sources` stands where they begin.
    static func adding(to diagnostics: [Diagnostic], from sources: [PolicySource]) -> [Diagnostic] {
        guard !diagnostics.isEmpty else { return [] }
        var wanted: [String: Set<YAMLMark>] = [:]
        for diagnostic in diagnostics { wanted[diagnostic.position.file, default: []].insert(diagnostic.position.mark) }
        var found: [String: [YAMLMark: Int]] = [:]
        for source in sources {
            if let marks = wanted[source.name] { found[source.name] = ends(of: marks, in: source.text) }
        }
        return diagnostics.map { diagnostic in
            var diagnostic = diagnostic
            diagnostic.endColumn = found[diagnostic.position.file]?[diagnostic.position.mark]
            return diagnostic
        }
    }

    private static func ends(of marks: Set<YAMLMark>, in text: [UInt8]) -> [YAMLMark: Int] {
        guard let last = marks.max() else { return [:] }
        var ends: [YAMLMark: Int] = [:]
        // What comes behind the place where it is no longer YAML has not been judged either.
        try? YAMLEvents.read(text) { (events) throws(YAMLSyntaxError) in
            var depth = 0
            while true {
                let event = try events.next()
                // Nor has what comes behind the place where the file was given up, and to read it can cost far more than to
                // give it up: each token of libyaml's takes as long as it is nested deep.
                guard event.mark <= last else { return }
                switch event.kind {
                case .streamEnd: return
                case .sequenceStart, .mappingStart:
                    depth += 1
                    guard depth <= YAMLParser.maximumNesting else { return }
                case .sequenceEnd, .mappingEnd: depth -= 1
                case .scalar, .alias:
                    guard marks.contains(event.mark), event.end.line == event.mark.line,
                        event.end.column > event.mark.column
                    else { continue }
                    ends[event.mark] = event.end.column
                default: continue
                }
            }
        }
        return ends
    }
}

extension SourcePosition {
    fileprivate var mark: YAMLMark { YAMLMark(line: line, column: column) }
}
