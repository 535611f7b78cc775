import PolicyModel
import Testing

@testable import PolicyFile

struct JSONTreeDecoderTests {
    @Test(
        "YAML as JSON",
        arguments: [
            ("{ b: [1, -2.5, true, null], a: \"x\\ny\" }", #"{"a":"x\u000ay","b":[1,-2.5,true,null]}"#),
            ("[]", "[]"), ("{}", "{}"), ("\"1\"", "\"1\""),
        ])
    func value(_ yaml: String, _ json: String) throws {
        let outcome = YAMLParser.parse(PolicySource(name: "t", bytes: Array(yaml.utf8)))
        let decoder = PolicyDecoder()
        #expect(decoder.jsonTree(try #require(outcome.root), "v")?.text == json)
        #expect(decoder.diagnostics.isEmpty)
    }

    @Test("what JSON has not, anywhere in it", arguments: ["[a, [yes]]", "{ a: { b: .inf } }", "0x10"])
    func noValue(_ yaml: String) throws {
        let outcome = YAMLParser.parse(PolicySource(name: "t", bytes: Array(yaml.utf8)))
        let decoder = PolicyDecoder()
        #expect(decoder.jsonTree(try #require(outcome.root), "v") == nil)
        #expect(decoder.diagnostics.count == 1)
    }
}
