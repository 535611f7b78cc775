/// A keyword of JSON Schema, draft 2020-12, or one of earlier drafts that its meta-schema still knows.
package enum SchemaKeyword: String, Sendable, Hashable, CaseIterable {
    // Core, sections 8 and 9.
    case schema = "$schema"
    case vocabulary = "$vocabulary"
    case identifier = "$id"
    case anchor = "$anchor"
    case dynamicAnchor = "$dynamicAnchor"
    case reference = "$ref"
    case dynamicReference = "$dynamicRef"
    case definitions = "$defs"
    case comment = "$comment"
    case olderDefinitions = "definitions"

    // Core, section 10: what applies schemas in place.
    case allOf, anyOf, oneOf, not
    case condition = "if"
    case then
    case otherwise = "else"
    case dependentSchemas
    /// Of earlier drafts: `dependentSchemas` and `dependentRequired` in one.
    case dependencies

    // Core, section 10.3: what applies schemas to elements and members.
    case prefixItems, items, contains
    case properties, patternProperties, additionalProperties, propertyNames

    // Core, section 11.
    case unevaluatedItems, unevaluatedProperties

    // Validation, section 6.
    case type
    case constant = "const"
    case enumeration = "enum"
    case multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum
    case maxLength, minLength, pattern
    case maxItems, minItems, uniqueItems, maxContains, minContains
    case maxProperties, minProperties, required, dependentRequired

    // Validation, sections 7 to 9: what says something and requires nothing.
    case format, contentEncoding, contentMediaType, contentSchema
    case title, description, deprecated, readOnly, writeOnly, examples
    case defaultValue = "default"

    /// Where the keyword's value has schemas.
    enum Shape {
        case none
        case schema
        case schemas
        case namedSchemas
    }

    var shape: Shape {
        switch self {
        case .not, .condition, .then, .otherwise, .items, .contains, .additionalProperties, .propertyNames,
            .unevaluatedItems, .unevaluatedProperties, .contentSchema:
            .schema
        case .allOf, .anyOf, .oneOf, .prefixItems: .schemas
        case .definitions, .olderDefinitions, .dependentSchemas, .dependencies, .properties, .patternProperties:
            .namedSchemas
        default: .none
        }
    }
}
