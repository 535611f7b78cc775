internal import CInspection

extension SchemaValidator {
    /// "JSON Schema Validation", section 6.2.
    mutating func checkNumber(
        _ index: Int32, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument
    ) -> Bool {
        let rule = schema.program.numbers[Int(index)]
        guard let number = NodeNumber(document[node]) else { return true }
        if let minimum = rule.minimum, number < minimum { return fail(.minimum, node) }
        if let maximum = rule.maximum, maximum < number { return fail(.maximum, node) }
        if let minimum = rule.exclusiveMinimum, !(minimum < number) { return fail(.exclusiveMinimum, node) }
        if let maximum = rule.exclusiveMaximum, !(number < maximum) { return fail(.exclusiveMaximum, node) }
        guard let divisor = rule.multipleOf else { return true }
        return isMultiple(node, divisor, document) || fail(.multipleOf, node)
    }

    private mutating func isMultiple(_ node: Int, _ divisor: DecimalDivisor, _ document: borrowing JSONDocument) -> Bool
    {
        let value = document[node]
        if value.kind == INSPECTION_NODE_INTEGER.rawValue, let answer = divisor.divides(Int64(bitPattern: value.value))
        {
            return answer
        }
        guard spend(document.place(node).count) else { return false }
        return document.withText(node) { text in divisor.divides(text) }
    }

    /// Section 6.3.
    mutating func checkString(
        _ index: Int32, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument
    ) -> Bool {
        let rule = schema.program.strings[Int(index)]
        if rule.minimum > 0 || rule.maximum < .max {
            let length = length(node, rule, document)
            if length < rule.minimum { return fail(.minLength, node) }
            if length > rule.maximum { return fail(.maxLength, node) }
        }
        guard rule.pattern >= 0 else { return true }
        return matches(rule.pattern, node, schema, document) || fail(.pattern, node)
    }

    /// The number of code points; or a number that stands to the rule's bounds as that does.
    private mutating func length(_ node: Int, _ rule: StringRule, _ document: borrowing JSONDocument) -> Int {
        document.withBytes(node) { bytes in
            // A code point has one byte to four.
            let (least, most) = ((bytes.count + 3) / 4, bytes.count)
            if least >= rule.minimum && most <= rule.maximum { return most }
            guard spend(bytes.count / 16) else { return 0 }
            var count = 0
            // Bytes that go on with a character, 10xxxxxx, count for nothing.
            for index in bytes.indices where bytes[index] & 0xc0 != 0x80 { count += 1 }
            return count
        }
    }

    /// Whether a string, or a name, matches a pattern somewhere.
    mutating func matches(_ pattern: Int32, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument)
        -> Bool
    {
        document.withBytes(node) { bytes in
            guard spend(1 + bytes.count / 8) else { return false }
            let pattern = schema.program.patterns[Int(pattern)]
            // Not `Pattern.matches`, which takes what it cannot find out for a match: here that could let a message pass.
            switch unsafe bytes.withBytes({ bytes in unsafe inspection_pattern_matches(pattern.handle, bytes) }) {
            case INSPECTION_MATCH: return true
            case INSPECTION_NO_MATCH: return false
            default: return exhaust()
            }
        }
    }

    /// Sections 6.1.2 and 6.1.3: whether a value is one of those.
    mutating func isConstant(_ index: Int32, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument)
        -> Bool
    {
        let rule = schema.program.constants[Int(index)]
        // No hash of a large object to find that it is not a string.
        guard rule.types.contains(SchemaTypes(nodeKind: document[node].kind)) else { return false }
        guard spendOnHash(node, document) else { return false }
        if inversions > 0, !requireNamesWithin(node, document) { return false }
        let hash = JSONHash.of(node, in: document)
        var slot = Int(truncatingIfNeeded: hash) & rule.mask
        while true {
            let position = schema.program.constantSlots[rule.slotsStart + slot]
            if position == 0 { return false }
            let value = schema.program.constantValues[Int(position) - 1]
            if value.hash == hash, equal(value.node, schema.document, node, document) { return true }
            guard spend(1) else { return false }
            slot = (slot + 1) & rule.mask
        }
    }

    /// What it takes to hash a value: a step for each node, and for sixteen bytes of the text.
    mutating func spendOnHash(_ node: Int, _ document: borrowing JSONDocument) -> Bool {
        spend(document.next(node) - node + document.place(node).count / 16)
    }

    /// Core section 4.2.2: whether two values are the same. Members may stand in any order; where a name stands twice, both
    /// values have it twice. Recurses as deep as the values are nested, 512 at most.
    mutating func equal(
        _ left: Int, _ leftDocument: borrowing JSONDocument, _ right: Int, _ rightDocument: borrowing JSONDocument
    ) -> Bool {
        guard spend(1) else { return false }
        let (one, other) = (leftDocument[left], rightDocument[right])
        guard one.kind == other.kind else { return false }
        switch one.kind {
        case INSPECTION_NODE_STRING.rawValue: return leftDocument.stringEquals(left, right, in: rightDocument)
        case INSPECTION_NODE_ARRAY.rawValue:
            guard one.value == other.value else { return false }
            var (leftIndex, rightIndex) = (left + 1, right + 1)
            for _ in 0..<one.value {
                guard equal(leftIndex, leftDocument, rightIndex, rightDocument) else { return false }
                leftIndex = leftDocument.next(leftIndex)
                rightIndex = rightDocument.next(rightIndex)
            }
            return true
        case INSPECTION_NODE_OBJECT.rawValue:
            return one.value == other.value && equalMembers(left, leftDocument, right, rightDocument)
        default: return one.value == other.value
        }
    }

    /// Each member of one is looked for in the other from behind where the last one was: at once, where the order is the
    /// same, and else at the cost of the steps that it takes.
    private mutating func equalMembers(
        _ left: Int, _ leftDocument: borrowing JSONDocument, _ right: Int, _ rightDocument: borrowing JSONDocument
    ) -> Bool {
        let count = leftDocument.children(left)
        let end = rightDocument.next(right)
        var leftName = left + 1
        var rightName = right + 1
        for _ in 0..<count {
            var tries = 0
            while true {
                guard tries < count, spend(1) else { return false }
                if rightName == end { rightName = right + 1 }
                let candidate = rightName
                rightName = rightDocument.next(candidate + 1)
                tries += 1
                if leftDocument.nameHash(leftName) == rightDocument.nameHash(candidate),
                    leftDocument.stringEquals(leftName, candidate, in: rightDocument),
                    equal(leftName + 1, leftDocument, candidate + 1, rightDocument)
                {
                    break
                }
            }
            leftName = leftDocument.next(leftName + 1)
        }
        return true
    }
}
