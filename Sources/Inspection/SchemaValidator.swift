internal import CInspection

/// Validates messages against schemas. Its memory grows to what messages need and is used again: in the steady state a
/// valid message costs no allocation. One for each worker; it cannot be shared or copied.
///
/// Names that stand more than once in an object: each of the members is validated, and a name that is required counts
/// once, as for `minProperties`, while `maxProperties` counts every member. So what passes does so whichever member the
/// upstream uses. Where a member could make a message pass by *not* matching (inside `not`, `if`, `oneOf` and a `contains`
/// with `maxContains`, and among what `uniqueItems` compares), an object with a name that stands twice is invalid.
///
/// Steps are counted, so that no schema makes a message cost more than its size allows; see `stepsPerByte`.
package struct SchemaValidator: ~Copyable {
    /// Schemas applied to values, members and elements looked at, and comparisons: this many for any message,
    package static let baseSteps = 8192
    /// and this many more for each of its bytes. Beyond that its outcome is `.failed`.
    package static let stepsPerByte = 16
    /// Schemas applied within one another, by nesting or by reference. Beyond that the outcome is `.failed`.
    package static let maximumDepth = 2048

    /// Why validation ended before it was done.
    private enum End {
        case exhausted
        case duplicateName(Int)
    }

    private var end: End?
    private var steps = 0
    private var depth = 0
    /// How many keywords around the value let it pass where an inner schema does not match.
    var inversions = 0
    /// The latest departure from a schema: in the end the outermost one counts.
    private var fault = (node: 0, cause: SchemaViolation.Cause.schema)

    /// A hash table for names or elements, for one look at a time; 0 stands for none.
    var slots: [Int32] = []
    /// The elements in it, and their hashes.
    var elements: [Int] = []
    var hashes: [UInt64] = []
    /// A stack of bits: names seen in the objects that are being validated.
    var seen: [UInt64] = []
    /// A stack: which members or elements are evaluated, of the values that are being validated.
    var marks: [Bool] = []

    package init() {}

    /// Reads a message and validates it.
    package mutating func validate(
        _ message: Span<UInt8>, with reader: inout JSONDocumentReader, against schema: JSONSchema
    ) -> SchemaOutcome {
        switch reader.read(message) {
        case .json: break
        case .notJSON: return .notJSON
        case .failed: return .failed
        }
        return validate(latestOf: reader, against: schema)
    }

    /// Validates what `reader` has read last; `.failed` where that was no JSON.
    package mutating func validate(
        latestOf reader: borrowing JSONDocumentReader, against schema: JSONSchema
    ) -> SchemaOutcome {
        reader.withDocument { document in validate(document, against: schema) } ?? .failed
    }

    /// Validates what has been read.
    package mutating func validate(_ document: borrowing JSONDocument, against schema: JSONSchema) -> SchemaOutcome {
        end = nil
        steps = Self.baseSteps + Self.stepsPerByte * document.length
        depth = 0
        inversions = 0
        seen.removeAll(keepingCapacity: true)
        marks.removeAll(keepingCapacity: true)
        let matches = check(0, 0, schema, document, for: .schema)
        switch end {
        case nil: return matches ? .valid : .invalid(violation(fault.node, fault.cause, document))
        case .exhausted: return .failed
        case .duplicateName(let node): return .invalid(violation(node, .duplicateName, document))
        }
    }

    private func violation(_ node: Int, _ cause: SchemaViolation.Cause, _ document: borrowing JSONDocument)
        -> SchemaViolation
    {
        let pointer = JSONPointerText.of(node, in: document, maximum: SchemaViolation.maximumPointerBytes)
        return SchemaViolation(pointer: pointer, cause: cause)
    }

    /// Whether a value matches a rule; `keyword` is what applies it, to be named where the rule is `false`. Once
    /// validation has ended nothing matches.
    mutating func check(
        _ index: Int32, _ node: Int, _ schema: JSONSchema, _ document: borrowing JSONDocument,
        for keyword: SchemaKeyword
    ) -> Bool {
        guard spend(1) else { return false }
        let rule = schema.program.rules[Int(index)]
        let kind = document[node].kind
        guard rule.types.contains(SchemaTypes(nodeKind: kind)) else {
            guard rule.isFalse else { return fail(.type, node) }
            return fail(keyword, node)
        }
        if rule.isType { return true }
        guard depth < Self.maximumDepth else { return exhaust() }
        depth += 1
        defer { depth -= 1 }
        if rule.constant >= 0, !isConstant(rule.constant, node, schema, document) { return fail(.constant, node) }
        if rule.enumeration >= 0, !isConstant(rule.enumeration, node, schema, document) {
            return fail(.enumeration, node)
        }
        switch kind {
        case INSPECTION_NODE_INTEGER.rawValue...INSPECTION_NODE_FRACTION.rawValue:
            if rule.number >= 0, !checkNumber(rule.number, node, schema, document) { return false }
        case INSPECTION_NODE_STRING.rawValue:
            if rule.string >= 0, !checkString(rule.string, node, schema, document) { return false }
        case INSPECTION_NODE_ARRAY.rawValue:
            if rule.array >= 0, !checkArray(rule.array, node, schema, document) { return false }
        case INSPECTION_NODE_OBJECT.rawValue:
            if rule.object >= 0, !checkObject(rule.object, node, schema, document) { return false }
        default: break
        }
        for position in Int(rule.appliedStart)..<Int(rule.appliedEnd) {
            if !apply(position, of: index, node, schema, document) { return false }
        }
        return end == nil
    }

    /// Notes that a value departs from its schema; false.
    mutating func fail(_ keyword: SchemaKeyword, _ node: Int) -> Bool {
        fault = (node, keyword == .schema ? .schema : .keyword(keyword))
        return false
    }

    /// Counts steps; false where there are not so many left, or validation has ended.
    mutating func spend(_ count: Int) -> Bool {
        guard end == nil else { return false }
        steps -= count
        return steps >= 0 || exhaust()
    }

    /// Ends validation because something ran out; false.
    mutating func exhaust() -> Bool {
        if end == nil { end = .exhausted }
        return false
    }

    /// Ends validation if the object at `node` has a name twice, and that could make a message pass; false then.
    mutating func requireNames(_ node: Int, _ document: borrowing JSONDocument) -> Bool {
        guard distinctNames(node, document) < document.children(node) else { return true }
        if end == nil { end = .duplicateName(node) }
        return false
    }

    var hasEnded: Bool { end != nil }
}
