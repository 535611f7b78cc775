import PolicyModel

extension PolicyDecoder {
    /// Message rules that are never asked, because one before them ends the way of every message that they could be about.
    func warnUnreachableRules(_ rules: [MessageRule]) {
        var stopped: [MessageKind: MessageRule] = [:]
        for rule in rules {
            let kinds = rule.condition.kinds(from: rule.from)
            let stoppers = kinds.possible.compactMap { stopped[$0] }
            if !kinds.possible.isEmpty, stoppers.count == kinds.possible.count,
                let first = stoppers.min(by: { $0.position.line < $1.position.line })
            {
                warn(
                    rule.position,
                    "message rule `\(rule.name)` is never asked: `\(first.name)` in \(place(first.position, from: rule.position)) ends the way of every message that it is about"
                )
            }
            guard rule.mode == .enforce, rule.action.endsTheWay else { continue }
            for kind in kinds.certain where stopped[kind] == nil { stopped[kind] = rule }
        }
    }
}

extension MessageAction {
    /// Whether no rule is asked behind it.
    fileprivate var endsTheWay: Bool {
        switch self {
        case .allow, .drop, .close, .reply: true
        case .replace, .set, .remove, .limit, .log, .schema, .filter: false
        }
    }
}
