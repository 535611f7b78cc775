import PolicyModel

extension PolicyDecoder {
    /// A route's `messages`, in order.
    func messageRules(_ node: YAMLNode, beside chain: DecodedChain) -> [MessageRule] {
        let connections = chain.connections
        var names: [String: SourcePosition] = [:]
        let rules = each(list(node, "messages") ?? []) { node -> MessageRule? in
            tokenVariables = []
            guard let fields = fields(node, of: .messageRule) else { return nil }
            let name = fields.required("name") { node -> String? in
                guard let name = string(node, "name"), checkName(name, node.position, of: "a message rule") else {
                    return nil
                }
                if let first = names.updateValue(node.position, forKey: name) {
                    refuse(
                        node.position,
                        "message rule \(quoted(name)) is defined twice in this route, first in line \(first.line)")
                }
                return name
            }
            let from = fields.required("from", example: "client") {
                choice($0, "from", MessageRule.Source.self)
            }
            let mode = fields["mode"] == nil ? .enforce : fields.choice("mode", EnforcementMode.self)
            // Without `when` a rule is for every message.
            let before = errorCount
            let condition =
                fields["when"].map { messageCondition($0, of: connections) } ?? DecodedCondition(condition: .all([]))
            // Where something else is wrong with it, that says more.
            if let whole = condition.condition, errorCount == before, let from, whole.kinds(from: from).possible.isEmpty
            {
                refuse(
                    fields.keyPosition("when"), "`when` never holds for messages that `from: \(from.rawValue)` names")
            }
            let action = fields.required("do", example: "drop") {
                messageAction($0, beside: condition, in: chain)
            }
            for use in tokenVariables where !connections.hasToken {
                refuse(
                    use.position,
                    "`${\(use.name)}` needs an enforced `token` entry in this route's `middleware`, and there is none")
            }
            guard let name, let from, let mode, let condition = condition.condition, let action else { return nil }
            return MessageRule(
                name: name, from: from, condition: condition, action: action, mode: mode, position: node.position)
        }
        warnUnreachableRules(rules)
        return rules
    }
}
