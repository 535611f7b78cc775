import Inspection
import PolicyModel

/// Text that a rule puts into a message, or sends in its stead: a template, compiled to bytes.
struct MessageText: Sendable {
    private enum Part: Sendable {
        case bytes([UInt8])
        case fact(Template.Variable)
        /// The pattern's group of that number.
        case group(Int)
    }

    private let parts: [Part]
    /// Whether what is filled in stands inside of a JSON string.
    private let isJSON: Bool
    /// Whose groups it names, where it names any.
    private let pattern: Pattern?

    /// `${match.NAME}` is a group of `pattern`, which the engine has matched; without one it stands for nothing.
    init(_ template: Template, matching pattern: TextPattern?) throws(PatternError) {
        try self.init(template, isJSON: false, pattern)
    }

    init(_ json: JSONTemplate, matching pattern: TextPattern?) throws(PatternError) {
        try self.init(json.text, isJSON: true, pattern)
    }

    private init(_ template: Template, isJSON: Bool, _ pattern: TextPattern?) throws(PatternError) {
        self.isJSON = isJSON
        let namesGroups = template.variables.contains { if case .match = $0 { true } else { false } }
        let compiled: Pattern? =
            if namesGroups, let pattern { try Pattern(pattern) } else { nil }
        self.pattern = compiled
        parts = template.parts.compactMap { part in
            switch part {
            case .literal(let text): .bytes(Array(text.utf8))
            case .variable(.match(let name)): compiled?.groupNames.firstIndex(of: name).map { .group($0) }
            case .variable(let variable): .fact(variable)
            }
        }
    }

    /// Whether it needs to know whose connection it is.
    var usesFacts: Bool {
        parts.contains { if case .fact = $0 { true } else { false } }
    }

    /// Adds it to `output`. Groups are those of the first match in `message`.
    func append(
        to output: inout [UInt8], facts: ConnectionFacts?, message: Span<UInt8>, match: inout PatternMatch
    ) {
        let isMatched = pattern?.firstMatch(in: message, from: 0, into: &match) ?? false
        append(to: &output, facts: facts, message: message, match: isMatched ? match : nil)
    }

    /// Adds it to `output`. Groups are those of `match`, which is one of this text's pattern in `message`.
    func append(to output: inout [UInt8], facts: ConnectionFacts?, message: Span<UInt8>, match: PatternMatch?) {
        for part in parts {
            switch part {
            case .bytes(let bytes): output.append(contentsOf: bytes)
            case .fact(let variable): add(facts?.value(of: variable) ?? "", to: &output)
            case .group(let number):
                guard let range = match?[group: number] else { continue }
                if isJSON {
                    add(message.text(in: range), to: &output)
                } else {
                    output.append(message, range)
                }
            }
        }
    }

    private func add(_ text: String, to output: inout [UInt8]) {
        output.append(contentsOf: isJSON ? JSONTemplate.escaped(text).utf8 : text.utf8)
    }
}

extension Pattern {
    convenience init(_ pattern: TextPattern) throws(PatternError) {
        if pattern.isLiteral { try self.init(literal: pattern.expression) } else { try self.init(pattern.expression) }
    }
}

extension Span<UInt8> {
    /// Bytes that are not UTF-8 become replacement characters.
    fileprivate func text(in range: Range<Int>) -> String {
        // The span is good for the call, and the bytes are copied in it.
        unsafe extracting(range).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

extension [UInt8] {
    mutating func append(_ source: Span<UInt8>, _ range: Range<Int>) {
        // The span is good for the call, and the bytes are copied in it.
        unsafe source.extracting(range).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
