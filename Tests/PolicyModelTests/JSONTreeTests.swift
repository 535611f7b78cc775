import PolicyModel
import Testing

struct JSONTreeTests {
    private static let value = JSONTree.object([
        "b": .array([.integer(1), .double(2.5), .null]), "a": .object(["x": .string("\"\n")]), "c": .array([]),
    ])

    @Test("on one line, names in order")
    func text() {
        #expect(Self.value.text == #"{"a":{"x":"\"\u000a"},"b":[1,2.5,null],"c":[]}"#)
    }

    @Test("a value a line")
    func lines() {
        #expect(
            Self.value.lines.joined(separator: "\n") == #"""
                {
                  "a": {
                    "x": "\"\u000a"
                  },
                  "b": [
                    1,
                    2.5,
                    null
                  ],
                  "c": []
                }
                """#)
    }

    @Test(
        "by value",
        arguments: [
            (JSONTree.integer(1), JSONTree.double(1), true), (.integer(1), .double(1.5), false),
            (.string("1"), .integer(1), false), (.string("\u{e9}"), .string("e\u{301}"), false),
            (.array([.null]), .array([.null]), true), (.array([.null]), .array([]), false),
            (.object(["a": .integer(2)]), .object(["a": .double(2)]), true),
            (.integer(.max), .double(0x1p63), false),
        ])
    func equality(_ left: JSONTree, _ right: JSONTree, _ isEqual: Bool) {
        #expect((left == right) == isEqual)
        #expect((right == left) == isEqual)
    }
}
