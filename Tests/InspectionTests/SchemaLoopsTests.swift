import Inspection
import Testing

@Suite struct SchemaLoopsTests {
    @Test(
        "a schema that applies itself to the same value is refused",
        arguments: [
            ##"{"$ref":"#"}"##, ##"{"allOf":[{"$ref":"#"}]}"##, ##"{"not":{"$ref":"#"}}"##, ##"{"if":{"$ref":"#"}}"##,
            ##"{"if":{},"then":{"$ref":"#"}}"##, ##"{"if":{},"else":{"$ref":"#"}}"##, ##"{"oneOf":[{},{"$ref":"#"}]}"##,
            ##"{"dependentSchemas":{"a":{"$ref":"#"}}}"##, ##"{"dependencies":{"a":{"anyOf":[{"$ref":"#"}]}}}"##,
            ##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##,
            ##"{"items":{"$ref":"#/$defs/a"},"$defs":{"a":{"anyOf":[true,{"$ref":"#/$defs/a"}]}}}"##,
        ])
    func loops(_ schema: String) {
        let error = #expect(throws: JSONSchemaError.self) { try outcome("1", schema) }
        #expect(error?.message == "this schema applies itself to the same value, without an end")
        #expect(error?.pointer != nil)
    }

    @Test(
        "a schema that goes into elements or members may come back to itself",
        arguments: [
            ##"{"items":{"$ref":"#"}}"##, ##"{"prefixItems":[{"$ref":"#"}]}"##,
            ##"{"contains":{"$ref":"#"},"minContains":0}"##,
            ##"{"properties":{"a":{"$ref":"#"}}}"##, ##"{"additionalProperties":{"$ref":"#"}}"##,
            ##"{"patternProperties":{"":{"$ref":"#"}}}"##, ##"{"propertyNames":{"$ref":"#"}}"##,
            ##"{"unevaluatedItems":{"$ref":"#"},"unevaluatedProperties":{"$ref":"#"}}"##,
            ##"{"allOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}],"$defs":{"a":{"items":{"$ref":"#"}}}}"##,
        ])
    func consumes(_ schema: String) throws {
        #expect(try outcome(#"[[{"a":[{"b":[1]}]},[]]]"#, schema) == .valid)
        #expect(try outcome(#"{"a":{"a":[{}]}}"#, schema) == .valid)
    }
}
