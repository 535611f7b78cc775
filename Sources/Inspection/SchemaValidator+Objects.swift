internal import CInspection

extension SchemaValidator {
    /// "JSON Schema Validation", section 6.5; core, sections 10.3.2 and 10.2.2.4.
    mutating func checkObject(
        _ index: Int32, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument
    ) -> Bool {
        let rule = schema.program.objects[Int(index)]
        let count = document.children(node)
        if inversions > 0, !requireNames(node, document) { return false }
        if count > rule.maximum { return fail(.maxProperties, node) }
        if rule.minimum > 0, count < rule.minimum || distinctNames(node, document) < rule.minimum {
            return fail(.minProperties, node)
        }
        let start = seen.count
        for _ in 0..<(Int(rule.names.count) + 63) / 64 { seen.append(0) }
        defer { seen.removeLast(seen.count - start) }
        var name = node + 1
        for _ in 0..<count {
            guard checkMember(name, rule, seenFrom: start, schema, document) else { return false }
            name = document.next(name + 1)
        }
        for position in Int(rule.requiredStart)..<Int(rule.requiredEnd)
        where !hasSeen(schema.program.positions[position], from: start) {
            return fail(.required, node)
        }
        for dependency in Int(rule.dependenciesStart)..<Int(rule.dependenciesEnd) {
            guard checkDependency(dependency, node, seenFrom: start, schema, document) else { return false }
        }
        return true
    }

    private mutating func checkMember(
        _ name: Int, _ rule: ObjectRule, seenFrom start: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument
    ) -> Bool {
        guard spend(1) else { return false }
        var isEvaluated = false
        if let position = schema.program.position(of: name, in: rule.names, document, schema.document) {
            seen[start + position / 64] |= 1 << UInt64(position % 64)
            let inner = schema.program.names[Int(rule.names.start) + position].rule
            if inner >= 0 {
                isEvaluated = true
                guard check(inner, name + 1, schema, document, for: .properties) else { return false }
            }
        }
        for index in Int(rule.patternsStart)..<Int(rule.patternsEnd) {
            let pattern = schema.program.patternRules[index]
            guard matches(pattern.pattern, name, schema, document) else { continue }
            isEvaluated = true
            guard check(pattern.rule, name + 1, schema, document, for: .patternProperties) else { return false }
        }
        if !isEvaluated, rule.additional >= 0 {
            guard check(rule.additional, name + 1, schema, document, for: .additionalProperties) else { return false }
        }
        guard rule.propertyNames >= 0 else { return true }
        return check(rule.propertyNames, name, schema, document, for: .propertyNames) || fail(.propertyNames, name)
    }

    private mutating func checkDependency(
        _ index: Int, _ node: Int, seenFrom start: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument
    ) -> Bool {
        guard spend(1) else { return false }
        let dependency = schema.program.dependencies[index]
        guard hasSeen(dependency.name, from: start) else { return true }
        for position in Int(dependency.requiredStart)..<Int(dependency.requiredEnd)
        where !hasSeen(schema.program.positions[position], from: start) {
            return fail(.dependentRequired, node)
        }
        return dependency.rule < 0 || check(dependency.rule, node, schema, document, for: .dependentSchemas)
    }

    private func hasSeen(_ position: Int32, from start: Int) -> Bool {
        seen[start + Int(position) / 64] >> UInt64(position % 64) & 1 == 1
    }

    /// The number of different names in an object.
    mutating func distinctNames(_ node: Int, _ document: borrowing JSONDocument) -> Int {
        let count = document.children(node)
        guard count > 1 else { return count }
        guard spend(count) else { return 0 }
        let mask = prepareSlots(count)
        var distinct = 0
        var name = node + 1
        for _ in 0..<count {
            var slot = Int(document.nameHash(name)) & mask
            var isNew = true
            while slots[slot] != 0 {
                let other = Int(slots[slot])
                if document.nameHash(other) == document.nameHash(name), document.stringEquals(other, name, in: document)
                {
                    isNew = false
                    break
                }
                guard spend(1) else { return 0 }
                slot = (slot + 1) & mask
            }
            if isNew {
                // Nodes are fewer than 2^30, and a name's is at least 1.
                slots[slot] = Int32(name)
                distinct += 1
            }
            name = document.next(name + 1)
        }
        return distinct
    }

    /// Empties a hash table for so many entries, at most half full; its number of slots less 1.
    mutating func prepareSlots(_ count: Int) -> Int {
        var size = 16
        while size < count * 2 { size *= 2 }
        while slots.count < size { slots.append(0) }
        for slot in 0..<size { slots[slot] = 0 }
        return size - 1
    }

    /// `requireNames` for all objects in a value.
    mutating func requireNamesWithin(_ node: Int, _ document: borrowing JSONDocument) -> Bool {
        for inner in node..<document.next(node) where document[inner].kind == INSPECTION_NODE_OBJECT.rawValue {
            guard requireNames(inner, document) else { return false }
        }
        return true
    }
}

extension SchemaProgram {
    /// The position of a member's name in a table; nil where it is not there.
    func position(
        of name: Int, in table: NameTable, _ document: borrowing JSONDocument, _ schema: borrowing JSONDocument
    ) -> Int? {
        guard table.mask >= 0 else { return nil }
        let hash = document.nameHash(name)
        var slot = hash & UInt32(table.mask)
        while true {
            let position = Int(nameSlots[Int(table.slotsStart) + Int(slot)]) - 1
            if position < 0 { return nil }
            let known = names[Int(table.start) + position]
            if known.hash == hash, document.stringEquals(name, known.node, in: schema) { return position }
            slot = (slot + 1) & UInt32(table.mask)
        }
    }
}
