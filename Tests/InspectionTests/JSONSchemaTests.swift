import Inspection
import Testing

/// The error that a schema is refused with; nil where it is not.
private func refusal(_ text: String, isStrict: Bool = true) -> JSONSchemaError? {
    do throws(JSONSchemaError) {
        _ = try JSONSchema(Array(text.utf8), isStrict: isStrict)
        return nil
    } catch {
        return error
    }
}

private struct Refused: Sendable, CustomTestStringConvertible {
    var schema: String
    /// What the message has in it.
    var part: String
    var pointer: String

    init(_ schema: String, _ part: String, _ pointer: String) {
        self.schema = schema
        self.part = part
        self.pointer = pointer
    }

    var testDescription: String { "\(schema.prefix(80)): \(part)" }
}

@Suite struct JSONSchemaTests {
    @Test(
        "a schema that cannot be held to is refused, strict or not, with its place",
        arguments: [
            Refused("1", "must be an object, true or false", ""),
            Refused(#"{"properties":{"a":1}}"#, "must be an object, true or false", "/properties/a"),
            Refused(#"{"properties":[]}"#, "must be an object", "/properties"),
            Refused(#"{"items":[{}]}"#, "must be an object, true or false", "/items"),
            Refused(#"{"allOf":[]}"#, "with one at least", "/allOf"),
            Refused(#"{"anyOf":{}}"#, "array of schemas", "/anyOf"),
            Refused(#"{"prefixItems":[{"type":"text"}]}"#, "a type is", "/prefixItems/0/type"),
            Refused(#"{"type":["string",1]}"#, "a type is", "/type/1"),
            Refused(#"{"enum":1}"#, "enum must be an array", "/enum"),
            Refused(#"{"minimum":"1"}"#, "must be a number", "/minimum"),
            Refused(#"{"maximum":1e400}"#, "beyond the range", "/maximum"),
            Refused(#"{"multipleOf":0}"#, "above 0", "/multipleOf"),
            Refused(#"{"multipleOf":-1}"#, "above 0", "/multipleOf"),
            Refused(#"{"multipleOf":0.1234567890123456789}"#, "18 significant digits", "/multipleOf"),
            Refused(#"{"minLength":-1}"#, "whole number of at least 0", "/minLength"),
            Refused(#"{"minItems":1.5}"#, "whole number of at least 0", "/minItems"),
            Refused(#"{"uniqueItems":1}"#, "true or false", "/uniqueItems"),
            Refused(#"{"required":"a"}"#, "array of names", "/required"),
            Refused(#"{"required":[1]}"#, "a name must be a string", "/required/0"),
            Refused(#"{"dependentRequired":{"a":["b",null]}}"#, "a name must be a string", "/dependentRequired/a/1"),
            Refused(#"{"pattern":1}"#, "must be a string", "/pattern"),
            Refused(#"{"pattern":"(?=a)"}"#, "the pattern cannot be used", "/pattern"),
            Refused(#"{"patternProperties":{"a(":{}}}"#, "the pattern cannot be used", "/patternProperties/a("),
            Refused(#"{"$schema":"http://json-schema.org/draft-07/schema#"}"#, "no other dialect", "/$schema"),
            Refused(#"{"$id":1}"#, "$id must be a string", "/$id"),
            Refused(#"{"$id":"a#b"}"#, "no fragment", "/$id"),
            Refused(#"{"$id":"http://a/","$defs":{"x":{"$id":"http://a/"}}}"#, "stands twice", "/$defs/x/$id"),
            Refused(#"{"$anchor":"1a"}"#, "an anchor is", "/$anchor"),
            Refused(#"{"$defs":{"x":{"$anchor":"n"},"y":{"$anchor":"n"}}}"#, "stands twice", "/$defs/x/$anchor"),
            Refused(#"{"$ref":1}"#, "$ref must be a string", "/$ref"),
            Refused(#"{"type":"string","type":"number"}"#, "stands twice", "/type"),
            Refused(#"{"properties":{"a":{},"\u0061":{}}}"#, "stands twice", "/properties/a"),
            Refused(#"{"$defs":{"unused":{"minimum":[]}}}"#, "must be a number", "/$defs/unused/minimum"),
        ])
    private func refused(_ example: Refused) throws {
        for isStrict in [true, false] {
            let error = try #require(refusal(example.schema, isStrict: isStrict))
            #expect(error.message.contains(example.part))
            #expect(error.pointer == example.pointer)
            #expect(error.line == 1)
        }
    }

    @Test("a keyword that is not known is an error only where that is asked for")
    func strict() throws {
        let error = try #require(refusal("{\"items\": {\n  \"minLenght\": 1}}"))
        #expect(error.message == #""minLenght" is not a keyword of JSON Schema 2020-12"#)
        #expect((error.line, error.column) == (2, 3))
        #expect(error.pointer == "/items/minLenght")
        #expect(refusal(#"{"items":{"minLenght":1}}"#, isStrict: false) == nil)
        // A name in `properties`, `$defs` and the like is none.
        #expect(
            refusal(#"{"properties":{"minLenght":{}},"$defs":{"foo":{}},"const":{"foo":1},"default":{"foo":1}}"#) == nil
        )
        #expect(try #require(refusal(#"{"$vocabulary":{}}"#)).message.contains("$vocabulary is not supported"))
        #expect(refusal(#"{"$vocabulary":{}}"#, isStrict: false) == nil)
    }

    @Test("every keyword of the specification is known, and what only says something requires nothing")
    func known() throws {
        let schema = #"""
            {
              "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/a", "$comment": "c",
              "$anchor": "here", "$dynamicAnchor": "there", "title": "t", "description": "d", "default": 1,
              "examples": [], "deprecated": true, "readOnly": true, "writeOnly": true, "format": "email",
              "contentEncoding": "base64", "contentMediaType": "a/b", "contentSchema": {"type": "null"}, "$defs": {},
              "definitions": {}, "then": false, "else": false, "minContains": 3, "maxContains": 0
            }
            """#
        for message in ["1", #""not an address""#, "[1]", "{}"] { #expect(try outcome(message, schema) == .valid) }
    }

    @Test(
        "what is not JSON is refused with its line and column",
        arguments: [
            ("", 1, 1), ("{", 1, 2), ("{\n\"type\": \"string\",\n}", 3, 1), ("{\"a\":\n  nul}", 2, 3),
            ("\u{feff}{}", 1, 1),
            ("// a\n{}", 1, 1), ("{\"a\": 'b'}", 1, 7), ("\n\n{\"title\": \"\u{1}\"}", 3, 12),
        ])
    func notJSON(_ text: String, _ line: Int, _ column: Int) throws {
        let error = try #require(refusal(text))
        #expect(error.message == "from here on this is not JSON (RFC 8259)")
        #expect((error.line, error.column) == (line, column))
        #expect(error.pointer == nil)
    }

    @Test("a file has bounds")
    func bounds() throws {
        let padding = String(repeating: " ", count: JSONSchema.maximumBytes - 2)
        #expect(refusal("{}" + padding) == nil)
        #expect(try #require(refusal("{}" + padding + " ")).message == "the file is longer than 1048576 bytes")

        func definitions(_ count: Int, _ schema: (Int) -> String) -> String {
            "{\"$defs\":{" + (0..<count).map { "\"\($0)\":\(schema($0))" }.joined(separator: ",") + "}}"
        }
        #expect(refusal(definitions(16_383) { _ in "{}" }) == nil)
        #expect(try #require(refusal(definitions(16_384) { _ in "{}" })).message == "a file may have 16384 schemas")
        #expect(refusal(definitions(128) { "{\"pattern\":\"^a\($0)\"}" }) == nil)
        #expect(refusal(definitions(300) { "{\"pattern\":\"^a\($0 % 128)\"}" }) == nil)
        #expect(
            try #require(refusal(definitions(129) { "{\"pattern\":\"^a\($0)\"}" })).message
                == "a file may have 128 different patterns")
    }

    @Test("what a file says is shortened in a message")
    func quoted() throws {
        let error = try #require(refusal("{\"\(String(repeating: "x", count: 1000))\":1}"))
        #expect(error.message.count < 140)
        #expect(try #require(error.pointer).utf8.count <= 259)
    }

    @Test("a schema nested deep, and one with a long chain of references, compiles and is held to")
    func deep() throws {
        let nested = String(repeating: #"{"not":"#, count: 400) + "true" + String(repeating: "}", count: 400)
        #expect(try outcome("1", nested) == .valid)
        let chain = (0..<1500).map { ##""\##($0)":{"$ref":"#/$defs/\##($0 + 1)"}"## }.joined(separator: ",")
        let schema = ##"{"$ref":"#/$defs/0","$defs":{"## + chain + ##","1500":{"type":"null"}}}"##
        #expect(try outcome("null", schema) == .valid)
        #expect(try outcome("1", schema) == violation("", .type))
    }

    @Test("threads share a schema")
    func shared() async throws {
        let schema = try JSONSchema(
            Array(#"{"properties":{"a":{"enum":["x",{"y":1}]},"b":{"pattern":"^é+$"}}}"#.utf8), isStrict: true)
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    var reader = JSONDocumentReader()
                    var validator = SchemaValidator()
                    let message = Array((number % 2 == 0 ? #"{"a":{"y":1.0},"b":"éé"}"# : #"{"a":"z"}"#).utf8)
                    return (0..<200).allSatisfy { _ in
                        let outcome = validator.validate(message.span, with: &reader, against: schema)
                        return outcome == (number % 2 == 0 ? .valid : violation("/a", .enumeration))
                    }
                }
            }
            for await holds in group { #expect(holds) }
        }
    }
}
