import Inspection

/// A file as a JSON Schema, read strictly and not: what compiles must give every message an answer, and the same again.
enum SchemaTarget {
    private static let messages = [
        "null", "true", "0", "-1.5", "1e400", "\"\"", "\"a\u{e9}b\"", "[]", "{}", "[1,1.0,\"a\",[],{},null]",
        #"{"a":1,"b":[1,2,2],"c":{"a":{"a":{}}}}"#, #"{"a":1,"a":2}"#, "[[[[1],2],3],4]", "{",
    ]

    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        let strict = try compile(bytes, isStrict: true)
        guard let schema = try compile(bytes, isStrict: false) else {
            return try require(strict == nil, "compiles strictly and not otherwise")
        }
        var reader = JSONDocumentReader()
        var used = SchemaValidator()
        for message in messages.map({ Array($0.utf8) }) + [bytes] {
            let outcome = used.validate(message.span, with: &reader, against: schema)
            try requireOutcome(outcome, message)
            var fresh = SchemaValidator()
            let again = fresh.validate(message.span, with: &reader, against: schema)
            try require(outcome == again, "\(message): \(outcome), then \(again)")
            if let strict {
                let strictly = used.validate(message.span, with: &reader, against: strict)
                try require(outcome == strictly, "\(message): \(outcome), strictly \(strictly)")
            }
        }
    }

    private static func compile(_ bytes: [UInt8], isStrict: Bool) throws(BrokenContract) -> JSONSchema? {
        do throws(JSONSchemaError) {
            return try JSONSchema(bytes, isStrict: isStrict)
        } catch {
            try require(!error.message.isEmpty && (error.line == nil) == (error.column == nil), "\(error)")
            let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
            try require(
                (1...lines).contains(error.line ?? 1) && (1...bytes.count + 1).contains(error.column ?? 1), "\(error)")
            return nil
        }
    }
}

/// What holds for every outcome.
func requireOutcome(_ outcome: SchemaOutcome, _ message: [UInt8]) throws(BrokenContract) {
    guard case .invalid(let violation) = outcome else { return }
    let pointer = violation.pointer.utf8
    // The mark at the end of one that is cut has three bytes.
    try require(
        pointer.count <= SchemaViolation.maximumPointerBytes + 3
            && (pointer.isEmpty || pointer.first == UInt8(ascii: "/")),
        "\(message): \(violation)")
}
