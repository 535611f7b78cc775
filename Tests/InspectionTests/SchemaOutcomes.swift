import Inspection

/// What a message comes to under a schema.
func outcome(_ message: String, _ schema: String, isStrict: Bool = true) throws -> SchemaOutcome {
    let schema = try JSONSchema(Array(schema.utf8), isStrict: isStrict)
    var reader = JSONDocumentReader()
    var validator = SchemaValidator()
    return validator.validate(Array(message.utf8).span, with: &reader, against: schema)
}

func violation(_ pointer: String, _ keyword: SchemaKeyword) -> SchemaOutcome {
    .invalid(SchemaViolation(pointer: pointer, cause: .keyword(keyword)))
}

extension SchemaOutcome {
    var isInvalid: Bool {
        if case .invalid = self { return true }
        return false
    }
}
