import Inspection

/// Any bytes as a message that is looked into and edited: what is found must not depend on who reads, and an edit of JSON
/// must give JSON.
enum InspectionTarget {
    private static let maximumBytes = 1 << 16
    private static let pointers = [
        [], ["a"], ["a", "b"], ["a", "0"], ["0"], ["0", "a"], ["a", "b", "1"], ["\u{e9}\"\n"],
    ]
    private static let value = Array(#"{"v":[1]}"#.utf8)
    private static let expressions = ["^x|y$", #"(?P<n>\d+)|a*"#, "\u{e9}.", #"(?s)b.*b"#, #"\C\C"#, ""]
    private static let patterns = expressions.compactMap { try? Pattern($0) }
    private static let set = try? PatternSet(expressions.map { .expression($0) })
    private static let probe = JSONProbe(pointers.flatMap(tests))
    private static let removals = pointers.compactMap { JSONEdit(remove: $0) }
    private static let settings = pointers.compactMap { JSONEdit(set: $0) }
    private static let presence = JSONProbe(pointers.map { JSONPointerTest(pointer: $0, predicate: .exists) })

    private static func tests(_ pointer: [String]) -> [JSONPointerTest] {
        var predicates: [JSONPredicate] = [
            .exists, .type(.string), .equals(.null), .oneOf([.integer(1), .string("x"), .double(1.5)]),
            .over(.integer(1)),
            .under(.double(0.5)),
        ]
        predicates += JSONValueType.allCases.map { .type($0) }
        predicates += patterns.map { .matches($0) }
        return predicates.map { JSONPointerTest(pointer: pointer, predicate: $0) }
    }

    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        try match(bytes)
        var inspector = JSONInspector()
        try look(bytes, &inspector)
        try edit(bytes, &inspector)
    }

    private static func match(_ bytes: [UInt8]) throws(BrokenContract) {
        var hits = TestBits()
        guard let set, patterns.count == expressions.count, set.match(bytes.span, into: &hits) == .scanned else {
            throw BrokenContract(description: "no answer from the patterns")
        }
        for (index, pattern) in patterns.enumerated() {
            let matches = pattern.matches(bytes.span)
            try require(matches == hits[index], "\(expressions[index]) matches alone: \(matches)")
            // Small inputs alone: all matches of some of these take the square of the length.
            var match = PatternMatch()
            var (start, count) = (0, 0)
            while count < 64, pattern.firstMatch(in: bytes.span, from: start, into: &match) {
                let next = Pattern.nextStart(after: match, in: bytes.span)
                try require(match.range.lowerBound >= start && next > start, "\(expressions[index]) stands still")
                try require(match.range.upperBound <= bytes.count, "a match past the end")
                (start, count) = (next, count + 1)
            }
            try require((count > 0) == matches, "\(expressions[index]) matches: \(matches), found \(count)")
        }
    }

    private static func look(_ bytes: [UInt8], _ inspector: inout JSONInspector) throws(BrokenContract) {
        guard let probe else { throw BrokenContract(description: "no probe") }
        let found = try hits(probe, bytes, &inspector)
        let isJSON = inspector.isJSON(bytes.span)
        var documents = JSONDocumentReader()
        let reading = documents.read(bytes.span)
        if isJSON {
            let carefully = try hits(probe, bytes + Array(" ]".utf8), &inspector)
            try require(found == carefully, "quickly \(found.words), carefully \(carefully.words)")
        }
        guard reading == .json else { return }
        try require(isJSON, "a document that is no JSON")
        var inDocument = TestBits()
        let outcome = documents.withDocument { document in document.scan(probe, into: &inDocument) }
        try require(outcome == .scanned && inDocument == found, "in the document \(inDocument.words)")
    }

    private static func edit(_ bytes: [UInt8], _ inspector: inout JSONInspector) throws(BrokenContract) {
        let isJSON = inspector.isJSON(bytes.span)
        var (output, again): ([UInt8], [UInt8]) = ([], [])
        for (index, edit) in (removals + settings).enumerated() {
            let outcome = inspector.apply(
                edit, value: value.span, to: bytes.span, into: &output, atMost: maximumBytes)
            try require((outcome == .notJSON) != isJSON, "JSON: \(isJSON), yet \(outcome)")
            guard outcome == .edited else { continue }
            try require(output.count <= maximumBytes && inspector.isJSON(output.span), "edited to what is no JSON")
            if index >= removals.count, let presence {
                try require(try hits(presence, output, &inspector)[index - removals.count], "what was set is not there")
            } else if index == 0 || index == 1 {
                // Where no array can put the next element in the place.
                let outcome = inspector.apply(
                    edit, value: value.span, to: output.span, into: &again, atMost: maximumBytes)
                try require(outcome == .unchanged, "what was removed is still there")
            }
        }
    }

    private static func hits(
        _ probe: JSONProbe, _ bytes: [UInt8], _ inspector: inout JSONInspector
    ) throws(BrokenContract) -> TestBits {
        var hits = TestBits()
        try require(inspector.scan(probe, in: bytes.span, into: &hits) == .scanned, "no answer from a probe")
        return hits
    }
}
