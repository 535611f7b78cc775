import Foundation
import Testing
import Tokens

@Suite struct ClaimValueTests {
    @Test(
        arguments: [
            (.string("a"), "a"), (.integer(-3), "-3"), (.double(1.5), "1.5"), (.boolean(false), "false"), (.null, nil),
            (.array([.string("a")]), nil), (.object([:]), nil),
        ] as [(ClaimValue, String?)])
    func scalarText(value: ClaimValue, text: String?) {
        #expect(value.scalarText == text)
    }

    @Test func codableKeepsEveryKind() throws {
        let value = ClaimValue.object([
            "text": .string("1"), "whole": .integer(.max), "fraction": .double(0.5), "yes": .boolean(true),
            "nothing": .null,
            "list": .array([.integer(1), .object(["camelCase": .string("x")])]),
        ])
        #expect(try JSONDecoder().decode(ClaimValue.self, from: JSONEncoder().encode(value)) == value)
    }
}
