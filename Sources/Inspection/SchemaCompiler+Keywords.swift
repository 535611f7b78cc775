internal import CInspection

/// What each keyword asks for; the sections are those of "JSON Schema Validation", draft 2020-12, or of its core.
extension SchemaCompiler {
    /// 6.1.1.
    func types(_ node: Int, in document: borrowing JSONDocument) throws(Fault) -> SchemaTypes {
        guard document.kind(node) == .array else { return try type(node, in: document) }
        var types: SchemaTypes = []
        for element in elements(node, in: document) { types.formUnion(try type(element, in: document)) }
        return types
    }

    private func type(_ node: Int, in document: borrowing JSONDocument) throws(Fault) -> SchemaTypes {
        switch document.string(node) {
        case "null": .null
        case "boolean": .boolean
        case "integer": .integer
        case "number": [.integer, .fraction]
        case "string": .string
        case "array": .array
        case "object": .object
        default: throw Fault("a type is null, boolean, object, array, number, string or integer", at: node)
        }
    }

    /// 6.1.3.
    mutating func constant(_ node: Int?, in document: borrowing JSONDocument) throws(Fault) -> Int32 {
        guard let node else { return -1 }
        return addConstants([node], in: document)
    }

    /// 6.1.2.
    mutating func enumeration(_ node: Int?, in document: borrowing JSONDocument) throws(Fault) -> Int32 {
        guard let node else { return -1 }
        guard document.kind(node) == .array else { throw Fault("enum must be an array", at: node) }
        return addConstants(elements(node, in: document), in: document)
    }

    private mutating func addConstants(_ nodes: [Int], in document: borrowing JSONDocument) -> Int32 {
        var size = 2
        while size < nodes.count * 2 { size *= 2 }
        var slots = [Int32](repeating: 0, count: size)
        var types: SchemaTypes = []
        for node in nodes {
            types.formUnion(SchemaTypes(nodeKind: document[node].kind))
            let hash = JSONHash.of(node, in: document)
            var slot = Int(truncatingIfNeeded: hash) & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            program.constantValues.append(ConstantValue(hash: hash, node: node))
            slots[slot] = Int32(program.constantValues.count)
        }
        program.constants.append(ConstantRule(types: types, slotsStart: program.constantSlots.count, mask: size - 1))
        program.constantSlots += slots
        return Int32(program.constants.count - 1)
    }

    /// 6.2.
    mutating func number(_ keywords: [SchemaKeyword: Int], in document: borrowing JSONDocument) throws(Fault) -> Int32 {
        var rule = NumberRule()
        rule.minimum = try bound(keywords[.minimum], in: document)
        rule.maximum = try bound(keywords[.maximum], in: document)
        rule.exclusiveMinimum = try bound(keywords[.exclusiveMinimum], in: document)
        rule.exclusiveMaximum = try bound(keywords[.exclusiveMaximum], in: document)
        if let node = keywords[.multipleOf] {
            _ = try bound(node, in: document)
            guard let divisor = document.withText(node, { text in DecimalDivisor(text) }) else {
                throw Fault("multipleOf must be above 0, and have at most 18 significant digits", at: node)
            }
            rule.multipleOf = divisor
        }
        let kinds: [SchemaKeyword] = [.minimum, .maximum, .exclusiveMinimum, .exclusiveMaximum, .multipleOf]
        guard kinds.contains(where: { keywords[$0] != nil }) else { return -1 }
        program.numbers.append(rule)
        return Int32(program.numbers.count - 1)
    }

    private func bound(_ node: Int?, in document: borrowing JSONDocument) throws(Fault) -> NodeNumber? {
        guard let node else { return nil }
        guard let number = NodeNumber(document[node]) else { throw Fault("this must be a number", at: node) }
        guard number.isFinite else { throw Fault("this number is beyond the range of a double", at: node) }
        return number
    }

    /// 6.3.
    mutating func string(_ keywords: [SchemaKeyword: Int], in document: borrowing JSONDocument) throws(Fault) -> Int32 {
        guard keywords[.minLength] != nil || keywords[.maxLength] != nil || keywords[.pattern] != nil else { return -1 }
        var rule = StringRule()
        rule.minimum = try count(keywords[.minLength], in: document) ?? 0
        rule.maximum = try count(keywords[.maxLength], in: document) ?? .max
        if let node = keywords[.pattern] { rule.pattern = try pattern(node, in: document) }
        program.strings.append(rule)
        return Int32(program.strings.count - 1)
    }

    /// 6.4, and core 10.3.1.
    mutating func array(_ keywords: [SchemaKeyword: Int], in document: borrowing JSONDocument) throws(Fault) -> Int32 {
        let kinds: [SchemaKeyword] = [.minItems, .maxItems, .uniqueItems, .prefixItems, .items, .contains]
        var rule = ArrayRule()
        rule.minimum = try count(keywords[.minItems], in: document) ?? 0
        rule.maximum = try count(keywords[.maxItems], in: document) ?? .max
        rule.isUnique = try flag(keywords[.uniqueItems], in: document)
        if let node = keywords[.prefixItems] { (rule.prefixStart, rule.prefixEnd) = try schemas(node, in: document) }
        rule.items = try schema(keywords[.items], in: document)
        rule.contains = try schema(keywords[.contains], in: document)
        let least = try count(keywords[.minContains], in: document)
        let most = try count(keywords[.maxContains], in: document)
        rule.containsMinimum = least ?? 1
        rule.containsMaximum = most ?? .max
        guard kinds.contains(where: { keywords[$0] != nil }) else { return -1 }
        program.arrays.append(rule)
        return Int32(program.arrays.count - 1)
    }

    /// 6.5, and core 10.3.2 and 10.2.2.4.
    mutating func object(_ keywords: [SchemaKeyword: Int], in document: borrowing JSONDocument) throws(Fault) -> Int32 {
        let kinds: [SchemaKeyword] = [
            .minProperties, .maxProperties, .required, .properties, .patternProperties, .additionalProperties,
            .propertyNames, .dependentRequired, .dependentSchemas, .dependencies,
        ]
        guard kinds.contains(where: { keywords[$0] != nil }) else { return -1 }
        var rule = ObjectRule()
        rule.minimum = try count(keywords[.minProperties], in: document) ?? 0
        rule.maximum = try count(keywords[.maxProperties], in: document) ?? .max
        var names = SchemaNames()
        for (name, inner) in try namedSchemas(keywords[.properties], in: document) {
            names.setRule(inner, at: names.add(name, in: document))
        }
        (rule.requiredStart, rule.requiredEnd) = try positions(keywords[.required], in: document, addingTo: &names)
        rule.additional = try schema(keywords[.additionalProperties], in: document)
        rule.propertyNames = try schema(keywords[.propertyNames], in: document)
        rule.patternsStart = Int32(program.patternRules.count)
        for (name, inner) in try namedSchemas(keywords[.patternProperties], in: document) {
            program.patternRules.append(PatternRule(pattern: try pattern(name, in: document), rule: inner))
        }
        rule.patternsEnd = Int32(program.patternRules.count)
        rule.dependenciesStart = Int32(program.dependencies.count)
        for keyword in [SchemaKeyword.dependentSchemas, .dependentRequired, .dependencies] {
            guard let node = keywords[keyword] else { continue }
            for (name, value) in try members(node, in: document) {
                var dependency = Dependency(name: Int32(names.add(name, in: document)))
                if keyword == .dependentRequired || (keyword == .dependencies && document.kind(value) == .array) {
                    (dependency.requiredStart, dependency.requiredEnd) = try positions(
                        value, in: document, addingTo: &names)
                } else {
                    dependency.rule = try self.rule(value, in: document)
                }
                program.dependencies.append(dependency)
            }
        }
        rule.dependenciesEnd = Int32(program.dependencies.count)
        rule.names = names.table(in: &program)
        program.objects.append(rule)
        return Int32(program.objects.count - 1)
    }

    /// Core 8.2.3, 10.2 and 11. What says which members and items are evaluated comes last.
    mutating func applications(
        _ keywords: [SchemaKeyword: Int], at node: Int, in document: borrowing JSONDocument
    ) throws(Fault) -> [SchemaApplication] {
        var applications: [SchemaApplication] = []
        for keyword in [SchemaKeyword.reference, .dynamicReference] {
            guard let reference = keywords[keyword] else { continue }
            guard document.kind(reference) == .string else {
                throw Fault("\(keyword.rawValue) must be a string", at: reference)
            }
            let isDynamic = keyword == .dynamicReference
            let target = try places.resolve(reference, at: node, isDynamic: isDynamic, in: document)
            applications.append(SchemaApplication(kind: .reference, first: try rule(target, in: document)))
        }
        if let value = keywords[.allOf] {
            let (start, end) = try schemas(value, in: document)
            applications += program.lists[Int(start)..<Int(end)].map { SchemaApplication(kind: .all, first: $0) }
        }
        for (keyword, kind) in [(SchemaKeyword.anyOf, SchemaApplication.Kind.any), (.oneOf, .one)] {
            guard let value = keywords[keyword] else { continue }
            let (start, end) = try schemas(value, in: document)
            applications.append(SchemaApplication(kind: kind, first: start, second: end))
        }
        let not = try schema(keywords[.not], in: document)
        if not >= 0 { applications.append(SchemaApplication(kind: .not, first: not)) }
        let condition = try schema(keywords[.condition], in: document)
        let then = try schema(keywords[.then], in: document)
        let otherwise = try schema(keywords[.otherwise], in: document)
        if condition >= 0 {
            applications.append(
                SchemaApplication(kind: .condition, first: condition, second: then, third: otherwise))
        }
        let properties = try schema(keywords[.unevaluatedProperties], in: document)
        if properties >= 0 { applications.append(SchemaApplication(kind: .unevaluatedProperties, first: properties)) }
        let items = try schema(keywords[.unevaluatedItems], in: document)
        if items >= 0 { applications.append(SchemaApplication(kind: .unevaluatedItems, first: items)) }
        return applications
    }

    /// The rule of a keyword's schema; -1 where the keyword is not there.
    private mutating func schema(_ node: Int?, in document: borrowing JSONDocument) throws(Fault) -> Int32 {
        guard let node else { return -1 }
        return try rule(node, in: document)
    }

    /// The rules of an array of schemas, as a range of the lists.
    private mutating func schemas(_ node: Int, in document: borrowing JSONDocument) throws(Fault) -> (Int32, Int32) {
        guard document.kind(node) == .array, document.children(node) > 0 else {
            throw Fault("this must be an array of schemas, with one at least", at: node)
        }
        let start = program.lists.count
        for element in elements(node, in: document) { program.lists.append(try rule(element, in: document)) }
        return (Int32(start), Int32(program.lists.count))
    }

    /// The names and rules of an object of schemas.
    mutating func namedSchemas(_ node: Int?, in document: borrowing JSONDocument) throws(Fault) -> [(Int, Int32)] {
        guard let node else { return [] }
        var schemas: [(Int, Int32)] = []
        for (name, value) in try members(node, in: document) { schemas.append((name, try rule(value, in: document))) }
        return schemas
    }

    /// An array of names, as a range of the program's positions.
    private mutating func positions(
        _ node: Int?, in document: borrowing JSONDocument, addingTo names: inout SchemaNames
    ) throws(Fault) -> (Int32, Int32) {
        let start = Int32(program.positions.count)
        guard let node else { return (start, start) }
        guard document.kind(node) == .array else { throw Fault("this must be an array of names", at: node) }
        for element in elements(node, in: document) {
            guard document.kind(element) == .string else { throw Fault("a name must be a string", at: element) }
            program.positions.append(Int32(names.add(element, in: document)))
        }
        return (start, Int32(program.positions.count))
    }

    /// A whole number of at least 0, however large.
    private func count(_ node: Int?, in document: borrowing JSONDocument) throws(Fault) -> Int? {
        guard let node else { return nil }
        let value = document[node]
        switch value.kind {
        case INSPECTION_NODE_INTEGER.rawValue where Int64(bitPattern: value.value) >= 0: return Int(value.value)
        case INSPECTION_NODE_UNSIGNED.rawValue: return .max
        case INSPECTION_NODE_WHOLE.rawValue where Double(bitPattern: value.value) > 0: return .max
        default: throw Fault("this must be a whole number of at least 0", at: node)
        }
    }

    private func flag(_ node: Int?, in document: borrowing JSONDocument) throws(Fault) -> Bool {
        guard let node else { return false }
        guard document.kind(node) == .boolean else { throw Fault("this must be true or false", at: node) }
        return document.isTrue(node)
    }

    private func elements(_ node: Int, in document: borrowing JSONDocument) -> [Int] {
        var elements: [Int] = []
        var index = node + 1
        for _ in 0..<document.children(node) {
            elements.append(index)
            index = document.next(index)
        }
        return elements
    }

    private func members(_ node: Int, in document: borrowing JSONDocument) throws(Fault) -> [(name: Int, value: Int)] {
        guard document.kind(node) == .object else { throw Fault("this must be an object", at: node) }
        var members: [(Int, Int)] = []
        var index = node + 1
        for _ in 0..<document.children(node) {
            members.append((index, index + 1))
            index = document.next(index + 1)
        }
        return members
    }
}
