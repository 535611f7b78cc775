import Testing

@testable import PolicyFile

struct YAMLNodeTests {
    @Test(
        "plain scalars by YAML 1.2's core schema",
        arguments: [
            ("", .null), ("~", .null), ("null", .null), ("NULL", .null), ("nul", .string), ("true", .boolean(true)),
            ("False", .boolean(false)), ("yes", .string), ("on", .string), ("0", .integer), ("-12", .integer),
            ("+7", .integer), ("007", .integer), ("0x1F", .integer), ("0o17", .integer), ("0x", .string),
            ("0o8", .string),
            ("1.", .float), (".5", .float), ("-1.5e+3", .float), ("1e3", .float), ("1e", .string), (".", .string),
            ("-", .string), (".inf", .float), (".NaN", .float), ("1_000", .string), ("10.0.0.1", .string),
            ("30s", .string),
            ("1:30", .string),
        ] as [(String, ScalarKind)])
    func kinds(_ text: String, _ kind: ScalarKind) {
        let outcome = YAMLParser.parse(PolicySource(name: "p", bytes: Array("[\(text),]".utf8)))
        guard case .sequence(let elements)? = outcome.root?.content, let element = elements.first else {
            // `[,]` is no list, so that an empty value is tried as one of a mapping.
            let root = YAMLParser.parse(PolicySource(name: "p", bytes: Array("a: \(text)".utf8))).root
            guard case .mapping(let entries)? = root?.content else {
                Issue.record("\(text) is no value")
                return
            }
            #expect(entries.first?.value.scalarKind == kind)
            return
        }
        #expect(element.scalarKind == kind)
    }

    @Test("in quotes everything is a text", arguments: ["\"true\"", "'1'", "\"\"", "'~'"])
    func quotes(_ text: String) {
        let root = YAMLParser.parse(PolicySource(name: "p", bytes: Array(text.utf8))).root
        #expect(root?.scalarKind == .string)
    }
}
