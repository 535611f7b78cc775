import PolicyModel

/// A message rule on one line, as cases show it.
func describe(_ rule: MessageRule) -> String {
    let condition = rule.condition == .all([]) ? "" : " when \(describe(rule.condition))"
    let mode = rule.mode == .shadow ? " in shadow" : ""
    return "\(rule.name) from \(rule.from)\(condition) do \(describe(rule.action))\(mode)"
}

private func describe(_ condition: MessageCondition) -> String {
    switch condition {
    case .all(let inner): "all(\(inner.map(describe).joined(separator: ", ")))"
    case .any(let inner): "any(\(inner.map(describe).joined(separator: ", ")))"
    case .not(let inner): "not(\(describe(inner)))"
    case .sender(let sender): "from \(sender)"
    case .opcode(let opcode): "\(opcode)"
    case .size(let over, let under): "size \(over.map(String.init) ?? "")..\(under.map(String.init) ?? "")"
    case .text(let pattern): describe(pattern)
    case .json(let pointer, let demand): "json '\(pointer)' \(demand)"
    case .binaryPrefix(let bytes): "prefix \(bytes)"
    case .notJSON: "not_json"
    case .notUTF8: "not_utf8"
    case .connection(let condition): "\(condition)"
    }
}

private func describe(_ pattern: TextPattern) -> String {
    "\(pattern.isLiteral ? "bytes" : "pattern") '\(pattern.expression)'"
}

private func describe(_ action: MessageAction) -> String {
    switch action {
    case .replace(let pattern, let with): "replace \(describe(pattern)) by '\(describe(with))'"
    case .set(let pointer, let value): "set \(pointer) to \(describe(value.text))"
    case .reply(.text(let text)): "reply '\(describe(text))'"
    case .reply(.json(let json)): "reply \(describe(json.text))"
    case .schema(let demand):
        "schema \(demand.file) of \(demand.bytes.count)\(demand.isStrict ? "" : " lenient") else \(demand.onFailure)"
    default: "\(action)"
    }
}

private func describe(_ template: Template) -> String {
    template.expanded { "<\($0.name)>" }
}
