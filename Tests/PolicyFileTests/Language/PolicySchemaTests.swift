import Inspection
import PolicyModel
import Testing

@testable import PolicyFile

struct PolicySchemaTests {
    @Test("it is a schema, without a keyword that is not one")
    func compiles() throws {
        _ = try JSONSchema(Array(PolicySchema.text().utf8), isStrict: true)
    }

    @Test("middleware and filters of one's own may be named, with settings of theirs")
    func extensions() throws {
        let catalog = ExtensionCatalog(
            middleware: [.init(name: "office_hours") { _ in }], filters: [.init(name: "word_mask") { _ in }])
        let schema = try JSONSchema(Array(PolicySchema.text(extensions: catalog).utf8), isStrict: true)
        let text = """
            routes:
            - name: r
              match: { path: / }
              upstream: u
              middleware: [{ office_hours: { opens: 9 } }]
              messages: [{ name: m, from: client, do: { word_mask: { words: [x] } } }]
            """
        let document = try #require(YAMLParser.parse(PolicySource(name: "p", bytes: Array(text.utf8))).root)
        var reader = JSONDocumentReader()
        var validator = SchemaValidator()
        let json = Array(SchemaValue(document).text().utf8)
        #expect(validator.validate(json.span, with: &reader, against: schema) == .valid)
        #expect(try !LanguageCorpus.isValid(document))
    }

    @Test(
        "what is written as YAML reads it",
        arguments: [
            ("~", "null"), ("1.20", "1.2"), ("0x10", "\"0x10\""), ("\"7\"", "\"7\""), ("yes", "\"yes\""), ("[]", "[]"),
            ("{}", "{}"), ("[1, a]", "[1, \"a\"]"), (".inf", "\".inf\""), ("\"a\\nb\"", "\"a\\u000ab\""),
            ("{ b: 1, a: [] }", "{\n  \"b\": 1,\n  \"a\": []\n}"), ("[{ a: 1 }]", "[\n  {\n    \"a\": 1\n  }\n]"),
        ])
    func values(_ yaml: String, _ json: String) throws {
        #expect(SchemaValue(try LanguageCorpus.yaml(yaml)).text() == json)
    }
}
