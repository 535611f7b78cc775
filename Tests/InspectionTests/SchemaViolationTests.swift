import Inspection
import Testing

private struct Example: Sendable, CustomTestStringConvertible {
    var schema: String
    var message: String
    var pointer: String
    var keyword: String

    init(_ schema: String, _ message: String, _ pointer: String, _ keyword: String) {
        self.schema = schema
        self.message = message
        self.pointer = pointer
        self.keyword = keyword
    }

    var testDescription: String { "\(message) under \(schema): \(keyword) at \(pointer)" }
}

extension SchemaViolation {
    /// The keyword's name, or `duplicate name`, or `false`.
    fileprivate var keyword: String {
        switch cause {
        case .keyword(let keyword): keyword.rawValue
        case .duplicateName: "duplicate name"
        case .schema: "false"
        }
    }
}

@Suite struct SchemaViolationTests {
    @Test(
        "a violation names the place in the message and the keyword",
        arguments: [
            Example("false", "1", "", "false"),
            Example(
                #"{"properties":{"a":{"items":{"type":"string"}}}}"#, #"{"b":0,"a":["x",["y"],1]}"#, "/a/1", "type"),
            Example(#"{"properties":{"a":false}}"#, #"{"a":1}"#, "/a", "properties"),
            Example(#"{"patternProperties":{"^x":false}}"#, #"{"a":1,"xy":1}"#, "/xy", "patternProperties"),
            Example(
                #"{"additionalProperties":false,"properties":{"a":{}}}"#, #"{"a":1,"b":2}"#, "/b",
                "additionalProperties"),
            Example(
                #"{"unevaluatedProperties":false,"allOf":[{"properties":{"a":{}}}]}"#, #"{"a":1,"b":2}"#, "/b",
                "unevaluatedProperties"),
            Example(#"{"unevaluatedItems":false,"prefixItems":[{}]}"#, "[1,2]", "/1", "unevaluatedItems"),
            Example(#"{"prefixItems":[{},false]}"#, "[1,2]", "/1", "prefixItems"),
            Example(#"{"items":false}"#, "[1]", "/0", "items"),
            Example(#"{"propertyNames":{"maxLength":1}}"#, #"{"a":1,"bc":2}"#, "/bc", "propertyNames"),
            Example(#"{"required":["a"]}"#, #"{"b":1}"#, "", "required"),
            Example(#"{"properties":{"a":{"required":["b"]}}}"#, #"{"a":{"c":1}}"#, "/a", "required"),
            Example(#"{"dependentRequired":{"a":["b"]}}"#, #"{"a":1}"#, "", "dependentRequired"),
            Example(#"{"dependentSchemas":{"a":false}}"#, #"{"a":1}"#, "", "dependentSchemas"),
            Example(#"{"minProperties":1}"#, "{}", "", "minProperties"),
            Example(#"{"maxProperties":1}"#, #"{"a":1,"b":2}"#, "", "maxProperties"),
            Example(#"{"minItems":1}"#, "[]", "", "minItems"), Example(#"{"maxItems":1}"#, "[1,2]", "", "maxItems"),
            Example(#"{"contains":{"type":"null"}}"#, "[1]", "", "contains"),
            Example(#"{"contains":{},"minContains":2}"#, "[1]", "", "minContains"),
            Example(#"{"contains":{},"maxContains":1}"#, "[1,2]", "", "maxContains"),
            Example(#"{"minLength":2}"#, #""é""#, "", "minLength"),
            Example(#"{"maxLength":1}"#, #""ab""#, "", "maxLength"),
            Example(#"{"pattern":"^a"}"#, #""b""#, "", "pattern"), Example(#"{"enum":[1,2]}"#, "3", "", "enum"),
            Example(#"{"const":1}"#, "2", "", "const"), Example(#"{"not":{}}"#, "1", "", "not"),
            Example(#"{"anyOf":[{"type":"null"},{"minimum":5}]}"#, "1", "", "anyOf"),
            Example(#"{"oneOf":[{},{}]}"#, "1", "", "oneOf"), Example(#"{"allOf":[{},false]}"#, "1", "", "allOf"),
            Example(#"{"if":{},"then":false}"#, "1", "", "then"),
            Example(#"{"if":false,"else":{"minimum":2}}"#, "1", "", "minimum"),
            Example(##"{"$ref":"#/$defs/a","$defs":{"a":false}}"##, "1", "", "$ref"),
            Example(#"{"additionalProperties":{"type":"null"}}"#, #"{"a/b~c":1}"#, "/a~1b~0c", "type"),
            Example(#"{"additionalProperties":{"type":"null"}}"#, #"{"":1}"#, "/", "type"),
            Example(#"{"additionalProperties":{"type":"null"}}"#, #"{"\u00e9\n":1}"#, "/é\n", "type"),
            Example(#"{"items":{"items":{"type":"null"}}}"#, "[[],[null,null],[null,1]]", "/2/1", "type"),
        ])
    private func place(_ example: Example) throws {
        guard case .invalid(let violation) = try outcome(example.message, example.schema) else {
            Issue.record("not invalid")
            return
        }
        #expect(violation.pointer == example.pointer)
        #expect(violation.keyword == example.keyword)
    }

    @Test(
        "a pointer is cut at a whole character, and marked",
        arguments: [
            (String(repeating: "x", count: 255), "/" + String(repeating: "x", count: 255)),
            (String(repeating: "x", count: 256), "/" + String(repeating: "x", count: 255) + "…"),
            (String(repeating: "é", count: 30_000), "/" + String(repeating: "é", count: 127) + "…"),
            ("x" + String(repeating: "😀", count: 200), "/x" + String(repeating: "😀", count: 63) + "…"),
        ])
    func cut(_ name: String, _ pointer: String) throws {
        let schema = #"{"additionalProperties":{"additionalProperties":false}}"#
        guard case .invalid(let violation) = try outcome(#"{"\#(name)":{"inner":1}}"#, schema) else {
            Issue.record("not invalid")
            return
        }
        #expect(violation.pointer == (name.utf8.count == 255 ? pointer + "…" : pointer))
    }
}
