import Inspection

/// A message against a schema with every keyword in it. The first byte says whether a reader and validator are used that
/// have seen another message before.
enum SchemaMessagesTarget {
    private static let schema = try? JSONSchema(Array(text.utf8), isStrict: true)

    private static let text = #"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/tree", "title": "all",
          "type": ["object", "array", "string", "number"], "$defs": {
            "name": {"$anchor": "name", "type": "string", "minLength": 1, "maxLength": 8, "pattern": "^[a-z\u00e9]+$"},
            "number": {"minimum": -10, "maximum": 1e3, "exclusiveMinimum": -11, "exclusiveMaximum": 1001, "multipleOf": 0.25}
          },
          "allOf": [{"$ref": "#/$defs/number"}, {"maxProperties": 6, "maxItems": 6}],
          "if": {"type": "object", "required": ["kind"]}, "then": {"minProperties": 2}, "else": {"not": {"const": "no"}},
          "properties": {
            "kind": {"enum": ["a", "b", 1, 2.5, null, [1, {"x": 1}]]}, "name": {"$ref": "#name"}, "tree": {"$ref": "#"},
            "one": {"oneOf": [{"type": "integer"}, {"minimum": 2}, {"const": {"a": 1, "b": [2]}}]},
            "any": {"anyOf": [{"$ref": "#/$defs/name"}, {"properties": {"z": {"type": "null"}}, "required": ["z"]}]}
          },
          "patternProperties": {"^x-": {"type": "string"}}, "propertyNames": {"maxLength": 12},
          "dependentRequired": {"one": ["any"]}, "dependentSchemas": {"any": {"properties": {"extra": true}}},
          "unevaluatedProperties": {"type": "boolean"}, "minItems": 1, "uniqueItems": true,
          "prefixItems": [{"type": "string"}], "contains": {"type": "integer"}, "minContains": 0, "maxContains": 3,
          "unevaluatedItems": {"$ref": "#"}
        }
        """#

    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        guard let schema else { throw BrokenContract(description: "the schema does not compile") }
        guard let first = bytes.first else { return }
        let message = Array(bytes.dropFirst())
        var reader = JSONDocumentReader()
        var validator = SchemaValidator()
        if first & 1 == 1 {
            _ = validator.validate(
                Array(#"{"kind":"a","name":"\u00e9","tree":["x",{"q":true}]}"#.utf8).span, with: &reader,
                against: schema)
        }
        let outcome = validator.validate(message.span, with: &reader, against: schema)
        try requireOutcome(outcome, message)
        let isJSON = reader.read(message.span) == .json
        try require((outcome == .notJSON) != isJSON, "\(message): \(outcome), JSON: \(isJSON)")
        // White space around it changes nothing but the number of steps.
        let spaced = validator.validate(
            (Array(" \t".utf8) + message + Array("\r\n".utf8)).span, with: &reader, against: schema)
        try require(spaced == outcome || outcome == .failed, "\(message): \(outcome), with spaces \(spaced)")
        if isJSON { try requireFault(message, &reader) }
    }

    /// A text that is cut short is none, or another, and where it ends to be one is in it.
    private static func requireFault(_ message: [UInt8], _ reader: inout JSONDocumentReader) throws(BrokenContract) {
        let cut = Array(message.dropLast())
        let fault = reader.fault(in: cut.span)
        try require((0...cut.count).contains(fault), "\(cut): at \(fault)")
    }
}
