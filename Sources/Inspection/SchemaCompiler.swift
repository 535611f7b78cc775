internal import CInspection

/// Makes a program of a schema file. Every schema that is found becomes a rule once, and waits in a list until its turn:
/// nothing recurses, however deep the file is nested.
struct SchemaCompiler {
    typealias Fault = SchemaPlaces.Fault

    /// Schemas in one file.
    static let maximumRules = 16_384
    /// Different regular expressions in one file; each may take 8 MiB.
    static let maximumPatterns = 128
    static let dialect = "https://json-schema.org/draft/2020-12/schema"

    private let isStrict: Bool
    var places: SchemaPlaces
    var program = SchemaProgram()
    private var ruleOfNode: [Int: Int32] = [:]
    private var nodeOfRule: [Int] = []
    private var patternOfText: [[UInt8]: Int32] = [:]

    /// Compiles the whole document; rule 0 is its root.
    static func compile(_ document: borrowing JSONDocument, isStrict: Bool) throws(Fault) -> SchemaProgram {
        try refuseDuplicates(in: document)
        var compiler = SchemaCompiler(isStrict: isStrict, places: try SchemaPlaces(document))
        _ = try compiler.rule(0, in: document)
        var next = 0
        while next < compiler.nodeOfRule.count {
            try compiler.compileRule(next, in: document)
            next += 1
        }
        if let rule = SchemaLoops.first(in: compiler.program) {
            throw Fault("this schema applies itself to the same value, without an end", at: compiler.nodeOfRule[rule])
        }
        return compiler.program
    }

    private init(isStrict: Bool, places: SchemaPlaces) {
        self.isStrict = isStrict
        self.places = places
    }

    /// Of two keywords of one name, readers take either: such a file says nothing certain.
    private static func refuseDuplicates(in document: borrowing JSONDocument) throws(Fault) {
        for node in 0..<document.count where document.kind(node) == .object {
            var names = SchemaNames()
            var name = node + 1
            for position in 0..<document.children(node) {
                if names.add(name, in: document) < position {
                    throw Fault("\(quoted(document.string(name) ?? "")) stands twice in this object", at: name)
                }
                name = document.next(name + 1)
            }
        }
    }

    /// The rule of the schema at a node.
    mutating func rule(_ node: Int, in document: borrowing JSONDocument) throws(Fault) -> Int32 {
        if let rule = ruleOfNode[node] { return rule }
        let kind = document.kind(node)
        guard kind == .object || kind == .boolean else {
            throw Fault("a schema must be an object, true or false", at: node)
        }
        guard nodeOfRule.count < Self.maximumRules else {
            throw Fault("a file may have \(Self.maximumRules) schemas", at: node)
        }
        let rule = Int32(nodeOfRule.count)
        ruleOfNode[node] = rule
        nodeOfRule.append(node)
        program.rules.append(SchemaRule())
        return rule
    }

    private mutating func compileRule(_ index: Int, in document: borrowing JSONDocument) throws(Fault) {
        let node = nodeOfRule[index]
        guard document.kind(node) == .object else {
            program.rules[index].isFalse = !document.isTrue(node)
            if program.rules[index].isFalse { program.rules[index].types = [] }
            return
        }
        let keywords = try keywords(of: node, in: document)
        var rule = SchemaRule()
        if let type = keywords[.type] { rule.types = try types(type, in: document) }
        rule.constant = try constant(keywords[.constant], in: document)
        rule.enumeration = try enumeration(keywords[.enumeration], in: document)
        rule.number = try number(keywords, in: document)
        rule.string = try string(keywords, in: document)
        rule.array = try array(keywords, in: document)
        rule.object = try object(keywords, in: document)
        let applications = try applications(keywords, at: node, in: document)
        rule.appliedStart = Int32(program.applied.count)
        program.applied += applications
        rule.appliedEnd = Int32(program.applied.count)
        rule.isType =
            rule.constant < 0 && rule.enumeration < 0 && rule.number < 0 && rule.string < 0 && rule.array < 0
            && rule.object < 0 && applications.isEmpty
        program.rules[index] = rule
        for keyword in [SchemaKeyword.definitions, .olderDefinitions] {
            // Noted as rules, and so checked even where nothing refers to them.
            _ = try namedSchemas(keywords[keyword], in: document)
        }
    }

    /// The keywords of a schema, each with the node of its value.
    private func keywords(of node: Int, in document: borrowing JSONDocument) throws(Fault) -> [SchemaKeyword: Int] {
        var keywords: [SchemaKeyword: Int] = [:]
        var name = node + 1
        for _ in 0..<document.children(node) {
            let text = document.string(name) ?? ""
            switch SchemaKeyword(rawValue: text) {
            case .vocabulary where isStrict:
                throw Fault("$vocabulary is not supported: every schema is read by the standard vocabularies", at: name)
            case .schema: try requireDialect(name + 1, in: document)
            case let keyword?: keywords[keyword] = name + 1
            case nil where isStrict: throw Fault("\(quoted(text)) is not a keyword of JSON Schema 2020-12", at: name)
            case nil: break
            }
            name = document.next(name + 1)
        }
        return keywords
    }

    private func requireDialect(_ node: Int, in document: borrowing JSONDocument) throws(Fault) {
        guard var dialect = document.string(node) else { throw Fault("$schema must be a string", at: node) }
        if dialect.hasSuffix("#") { dialect.removeLast() }
        guard dialect == Self.dialect else {
            throw Fault("$schema must be \(quoted(Self.dialect)): no other dialect is supported", at: node)
        }
    }

    /// The pattern of a node, a string; the same text is compiled once.
    mutating func pattern(_ node: Int, in document: borrowing JSONDocument) throws(Fault) -> Int32 {
        guard let text = document.string(node) else { throw Fault("a pattern must be a string", at: node) }
        if let pattern = patternOfText[Array(text.utf8)] { return pattern }
        guard program.patterns.count < Self.maximumPatterns else {
            throw Fault("a file may have \(Self.maximumPatterns) different patterns", at: node)
        }
        do throws(PatternError) {
            program.patterns.append(try Pattern(text))
        } catch {
            throw Fault("the pattern cannot be used: \(error.message)", at: node)
        }
        let pattern = Int32(program.patterns.count - 1)
        patternOfText[Array(text.utf8)] = pattern
        return pattern
    }
}
