import PolicyModel

extension PolicyDecoder {
    /// Upstreams and token issuers that no route names. To be asked of a policy without an error: a name that is misspelt
    /// somewhere is another mistake.
    func warnUnused() {
        for (section, key) in [(Section.upstreams, "upstream"), (.tokenIssuers, "issuers")] {
            for (name, position) in unused(section) {
                warn(
                    position, "no route uses the \(section.noun) `\(name)`; name it in a route's `\(key)`, or remove it"
                )
            }
        }
    }

    /// Elements of a list of words that stand in it before.
    func warnTwice(_ nodes: [YAMLNode]) {
        var seen: Set<String> = []
        for node in nodes {
            guard case .scalar(let text, _) = node.content, !seen.insert(text).inserted else { continue }
            warn(node.position, "\(quoted(text)) stands in this list twice; remove one of them")
        }
    }
}
