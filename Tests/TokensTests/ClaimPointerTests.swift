import Testing
import Tokens

@Suite struct ClaimPointerTests {
    @Test(
        arguments: [
            (["roles", "0"], .string("admin")), (["roles", "1"], .string("b")), (["roles", "2"], nil),
            (["roles", "00"], nil), (["roles", "-"], nil), (["roles", "+1"], nil), (["roles", ""], nil),
            (["roles", "99999999999999999999"], nil), (["a/b", "~", ""], .integer(1)), (["a/b", "x"], nil),
            (["none"], nil), (["none", "0"], nil), (["name", "0"], nil), (["0"], .null),
        ] as [([String], ClaimValue?)])
    func value(tokens: [String], value: ClaimValue?) {
        let payload: [String: ClaimValue] = [
            "roles": .array([.string("admin"), .string("b")]), "name": .string("n"), "0": .null,
            "a/b": .object(["~": .object(["": .integer(1)])]),
        ]
        #expect(ClaimPointer(tokens).value(in: payload) == value)
        #expect(ClaimPointer([]).value(in: payload) == .object(payload))
    }
}
