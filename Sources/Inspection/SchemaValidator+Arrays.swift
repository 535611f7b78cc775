internal import CInspection

extension SchemaValidator {
    /// "JSON Schema Validation", section 6.4; core, section 10.3.1.
    mutating func checkArray(
        _ index: Int32, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument
    ) -> Bool {
        let rule = schema.program.arrays[Int(index)]
        let count = document.children(node)
        if count < rule.minimum { return fail(.minItems, node) }
        if count > rule.maximum { return fail(.maxItems, node) }
        guard checkItems(rule, node, schema, document) else { return false }
        if rule.contains >= 0, !checkContains(rule, node, schema, document) { return false }
        return !rule.isUnique || isUnique(node, document) || fail(.uniqueItems, node)
    }

    private mutating func checkItems(
        _ rule: ArrayRule, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument
    ) -> Bool {
        let prefix = Int(rule.prefixEnd - rule.prefixStart)
        guard prefix > 0 || rule.items >= 0 else { return true }
        var element = node + 1
        for position in 0..<document.children(node) {
            let isPrefix = position < prefix
            if !isPrefix && rule.items < 0 { break }
            let inner = isPrefix ? schema.program.lists[Int(rule.prefixStart) + position] : rule.items
            guard check(inner, element, schema, document, for: isPrefix ? .prefixItems : .items) else { return false }
            element = document.next(element)
        }
        return true
    }

    private mutating func checkContains(
        _ rule: ArrayRule, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument
    ) -> Bool {
        let isInverted = rule.containsMaximum < .max
        if isInverted { inversions += 1 }
        defer { if isInverted { inversions -= 1 } }
        var found = 0
        var element = node + 1
        for _ in 0..<document.children(node) {
            if check(rule.contains, element, schema, document, for: .contains) { found += 1 }
            if found > rule.containsMaximum { return fail(.maxContains, node) }
            if found >= rule.containsMinimum && !isInverted { break }
            element = document.next(element)
        }
        if found >= rule.containsMinimum { return true }
        return fail(rule.containsMinimum == 1 ? .contains : .minContains, node)
    }

    /// Whether no two elements are the same. Linear for all but steps of collisions, which a peer cannot bring about.
    private mutating func isUnique(_ node: Int, _ document: borrowing JSONDocument) -> Bool {
        let count = document.children(node)
        guard count > 1 else { return true }
        guard spendOnHash(node, document), requireNamesWithin(node, document) else { return false }
        let mask = prepareSlots(count)
        hashes.removeAll(keepingCapacity: true)
        elements.removeAll(keepingCapacity: true)
        var element = node + 1
        for _ in 0..<count {
            let hash = JSONHash.of(element, in: document)
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != 0 {
                let other = Int(slots[slot]) - 1
                guard spend(1) else { return false }
                if hashes[other] == hash, equal(elements[other], document, element, document) { return false }
                slot = (slot + 1) & mask
            }
            hashes.append(hash)
            elements.append(element)
            slots[slot] = Int32(hashes.count)
            element = document.next(element)
        }
        return true
    }
}
