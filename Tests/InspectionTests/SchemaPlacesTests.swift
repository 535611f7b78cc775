import Inspection
import Testing

@Suite struct SchemaPlacesTests {
    /// Schemas that allow an integer alone, by way of a reference.
    @Test(
        "a reference leads to a schema in the file",
        arguments: [
            ##"{"$ref":"#/$defs/x","$defs":{"x":{"type":"integer"}}}"##,
            ##"{"$ref":"#/definitions/x","definitions":{"x":{"type":"integer"}}}"##,
            ##"{"$ref":"#n","$defs":{"x":{"$anchor":"n","type":"integer"}}}"##,
            ##"{"$ref":"#n","$defs":{"x":{"$dynamicAnchor":"n","type":"integer"}}}"##,
            ##"{"$dynamicRef":"#n","$defs":{"x":{"$dynamicAnchor":"n","type":"integer"}}}"##,
            ##"{"$dynamicRef":"#n","$defs":{"x":{"$anchor":"n","type":"integer"}}}"##,
            ##"{"$ref":"x.json","$defs":{"x":{"$id":"x.json","type":"integer"}}}"##,
            ##"{"$id":"http://a/b/c","$ref":"d","$defs":{"x":{"$id":"http://a/b/d","type":"integer"}}}"##,
            ##"{"$id":"http://a/b/c","$ref":"/d#n","$defs":{"x":{"$id":"../d","$defs":{"y":{"$anchor":"n","type":"integer"}}}}}"##,
            ##"{"$id":"http://a/b/c","$ref":"http://a/b/c#/$defs/x","$defs":{"x":{"type":"integer"}}}"##,
            ##"{"$id":"urn:a:b","$ref":"urn:a:b#/$defs/x","$defs":{"x":{"type":"integer"}}}"##,
            ##"{"$id":"http://a/b/c?q","$ref":"?r","$defs":{"x":{"$id":"?r","type":"integer"}}}"##,
            ##"{"$id":"http://a","$ref":"b/./../c","$defs":{"x":{"$id":"/c","type":"integer"}}}"##,
            ##"{"$id":"http://a/b","$ref":"//c/d","$defs":{"x":{"$id":"http://c/d","type":"integer"}}}"##,
            ##"{"$ref":"#/$defs/a~1b~0c%25%22d","$defs":{"a/b~c%\"d":{"type":"integer"}}}"##,
            ##"{"$ref":"#/$defs/%C3%A9","$defs":{"é":{"type":"integer"},"e\u0301":{}}}"##,
            ##"{"$ref":"#/allOf/1/items","allOf":[{},{"items":{"type":"integer"}}]}"##,
            ##"{"$ref":"#/examples/0","examples":[{"type":"integer"}]}"##,
            ##"{"$ref":"#/$defs/x/$defs/y","$defs":{"x":{"$id":"x","$defs":{"y":{"$ref":"#/$defs/z"},"z":{"type":"integer"}}}}}"##,
            ##"{"$defs":{"":{"type":"integer"}},"$ref":"#/$defs/"}"##,
        ])
    func leads(_ schema: String) throws {
        #expect(try outcome("1", schema) == .valid)
        #expect(try outcome("1.5", schema) == violation("", .type))
    }

    @Test(
        "a reference that leads to nothing, or out of the file, is refused",
        arguments: [
            (##"{"$ref":"#/$defs/x"}"##, "leads to nothing"),
            (##"{"$ref":"#/allOf/01","allOf":[{},{}]}"##, "leads to nothing"),
            (##"{"$ref":"#/title/a","title":"t"}"##, "leads to nothing"),
            (##"{"$ref":"#/title","title":"t"}"##, "leads to what is no schema"),
            (##"{"$ref":"#/$defs/%4","$defs":{}}"##, "not a JSON pointer"),
            (##"{"$ref":"#n"}"##, "there is no $anchor"),
            (##"{"$ref":"#n","$defs":{"x":{"$id":"x","$defs":{"y":{"$anchor":"n"}}}}}"##, "there is no $anchor"),
            (##"{"$ref":"other.json"}"##, "outside of this file"),
            (##"{"$ref":"https://json-schema.org/draft/2020-12/schema"}"##, "outside of this file"),
            (##"{"$ref":"file:///etc/passwd"}"##, "outside of this file"),
            // No schema there, and so no name.
            (##"{"$ref":"x","const":{"$id":"x"}}"##, "outside of this file"),
            (
                ##"{"$dynamicRef":"#n","$dynamicAnchor":"n","$defs":{"x":{"$id":"x","$dynamicAnchor":"n"}}}"##,
                "one of several $dynamicAnchor"
            ),
        ])
    func nowhere(_ schema: String, _ part: String) {
        let error = #expect(throws: JSONSchemaError.self) { try outcome("1", schema) }
        #expect(error?.message.contains(part) == true)
        #expect(error?.pointer == (schema.contains("$dynamicRef") ? "/$dynamicRef" : "/$ref"))
    }
}
