internal import CInspection

/// Core, section 11: which members and elements the schemas next to a keyword, and those that they apply to the same value,
/// have looked at. It is found out when asked for, by trying alternatives again, so that schemas which do not ask pay
/// nothing.
extension SchemaValidator {
    /// Applies a rule to the members or elements that nothing else in the rule `owner` has looked at, once all else in
    /// that has matched.
    mutating func checkUnevaluated(
        _ rule: Int32, of owner: Int32, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument,
        for keyword: SchemaKeyword
    ) -> Bool {
        let start = marks.count
        let count = document.children(node)
        guard spend(count) else { return false }
        for _ in 0..<count { marks.append(false) }
        defer { marks.removeLast(marks.count - start) }
        mark(owner, node, from: start, isOwner: true, schema, document)
        let isObject = keyword == .unevaluatedProperties
        var index = node + 1
        for position in 0..<count {
            let value = isObject ? index + 1 : index
            if !marks[start + position] {
                guard check(rule, value, schema, document, for: keyword) else { return false }
            }
            index = document.next(value)
        }
        return !hasEnded
    }

    /// Marks what a rule that the value matches has looked at.
    private mutating func mark(
        _ index: Int32, _ node: Int, from start: Int, isOwner: Bool = false, _ schema: JSONSchema,
        _ document: borrowing JSONDocument
    ) {
        // Loops that do not consume are refused when a schema is compiled, so that this recursion ends.
        guard spend(1) else { return }
        let rule = schema.program.rules[Int(index)]
        let isObject = document[node].kind == INSPECTION_NODE_OBJECT.rawValue
        if isObject, rule.object >= 0 { markMembers(rule.object, node, from: start, schema, document) }
        if !isObject, rule.array >= 0 { markElements(rule.array, node, from: start, schema, document) }
        for position in Int(rule.appliedStart)..<Int(rule.appliedEnd) {
            let application = schema.program.applied[position]
            switch application.kind {
            case .reference, .all: mark(application.first, node, from: start, schema, document)
            case .any, .one: markAlternatives(application, node, from: start, schema, document)
            case .not: break
            case .condition:
                let matches = check(application.first, node, schema, document, for: .condition)
                if matches { mark(application.first, node, from: start, schema, document) }
                let next = matches ? application.second : application.third
                if next >= 0 { mark(next, node, from: start, schema, document) }
            case .unevaluatedProperties: if isObject && !isOwner { markAll(node, from: start, document) }
            case .unevaluatedItems: if !isObject && !isOwner { markAll(node, from: start, document) }
            }
        }
    }

    private mutating func markAlternatives(
        _ application: SchemaApplication, _ node: Int, from start: Int, _ schema: JSONSchema,
        _ document: borrowing JSONDocument
    ) {
        for alternative in Int(application.first)..<Int(application.second) {
            let rule = schema.program.lists[alternative]
            if check(rule, node, schema, document, for: .anyOf) { mark(rule, node, from: start, schema, document) }
        }
    }

    private mutating func markAll(_ node: Int, from start: Int, _ document: borrowing JSONDocument) {
        for position in 0..<document.children(node) { marks[start + position] = true }
    }

    private mutating func markMembers(
        _ index: Int32, _ node: Int, from start: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument
    ) {
        let rule = schema.program.objects[Int(index)]
        guard spend(document.children(node)) else { return }
        if rule.additional >= 0 { return markAll(node, from: start, document) }
        var name = node + 1
        for member in 0..<document.children(node) {
            let position = schema.program.position(of: name, in: rule.names, document, schema.document)
            if let position {
                if schema.program.names[Int(rule.names.start) + position].rule >= 0 { marks[start + member] = true }
                for dependency in Int(rule.dependenciesStart)..<Int(rule.dependenciesEnd) {
                    let dependency = schema.program.dependencies[dependency]
                    guard spend(1) else { return }
                    if Int(dependency.name) == position, dependency.rule >= 0 {
                        mark(dependency.rule, node, from: start, schema, document)
                    }
                }
            }
            for index in Int(rule.patternsStart)..<Int(rule.patternsEnd) where !marks[start + member] {
                let pattern = schema.program.patternRules[index].pattern
                if matches(pattern, name, schema, document) { marks[start + member] = true }
            }
            name = document.next(name + 1)
        }
    }

    private mutating func markElements(
        _ index: Int32, _ node: Int, from start: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument
    ) {
        let rule = schema.program.arrays[Int(index)]
        let count = document.children(node)
        guard spend(count) else { return }
        if rule.items >= 0 { return markAll(node, from: start, document) }
        for position in 0..<min(count, Int(rule.prefixEnd - rule.prefixStart)) { marks[start + position] = true }
        guard rule.contains >= 0 else { return }
        var element = node + 1
        for position in 0..<count {
            if !marks[start + position], check(rule.contains, element, schema, document, for: .contains) {
                marks[start + position] = true
            }
            element = document.next(element)
        }
    }
}
