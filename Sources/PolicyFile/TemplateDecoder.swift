import PolicyModel

/// Text with `${…}` variables.
extension PolicyDecoder {
    /// The text of `node`, the value of `key`. `groups`: what `${match.NAME}` may name; nil where it may not stand.
    func template(_ node: YAMLNode, _ key: String, groups: [String]? = nil) -> Template? {
        string(node, key).flatMap { template(parsing: $0, at: node.position, "the value of `\(key)`", groups: groups) }
    }

    /// `subject` names the text to people.
    func template(
        parsing text: String, at position: SourcePosition, _ subject: String, groups: [String]?
    ) -> Template? {
        do throws(Template.ParseError) {
            let template = try Template(parsing: text)
            for variable in template.variables { note(variable, at: position) }
            return check(template, groups, at: position) ? template : nil
        } catch {
            switch error {
            case .unterminated: refuse(position, "\(subject) has `${` without `}`: \(quoted(text))")
            case .unknownVariable(let name): refuseVariable(name, in: text, at: position)
            }
            return nil
        }
    }

    private func note(_ variable: Template.Variable, at position: SourcePosition) {
        if variable.needsToken { tokenVariables.append((variable.name, position)) }
        if variable == .clientCertificate { certificateVariables.append(position) }
    }

    private func check(_ template: Template, _ groups: [String]?, at position: SourcePosition) -> Bool {
        for case .match(let name) in template.variables {
            guard let groups else {
                refuse(position, "`${match.\(name)}` stands in message rules alone, where a pattern has matched")
                return false
            }
            guard !groups.contains(name) else { continue }
            var message = "no group of this rule's pattern is called \(quoted(name))"
            if let nearest = Suggestion.nearest(to: name, among: groups) {
                message += "; did you mean `${match.\(nearest)}`?"
            } else if groups.isEmpty {
                message += "; name one in `matches`, as in `(?P<\(name)>…)`"
            } else {
                message += "; there are \(groups.map { "`\($0)`" }.joined(separator: ", "))"
            }
            refuse(position, message)
            return false
        }
        return true
    }

    private func refuseVariable(_ name: String, in text: String, at position: SourcePosition) {
        let known = ["token.subject", "token.id", "client.ip", "client.certificate", "request.id"]
        let nearest = Suggestion.nearest(to: name, among: known)
        refuse(
            position,
            "unknown variable \(quoted("${\(name)}")); "
                + (nearest.map { "did you mean `${\($0)}`?" }
                    ?? "there are \(known.map { "`${\($0)}`" }.joined(separator: ", ")) and `${token.claims.NAME}`"),
            suggestion: nearest.flatMap { text == "${\(name)}" ? "${\($0)}" : nil })
    }
}
