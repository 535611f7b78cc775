import CAllocationCount
import Foundation
import Inspection
import Testing

private struct Example: Sendable, CustomTestStringConvertible {
    var pointer: [String]
    /// nil to remove.
    var value: String?
    var message: String
    /// nil where nothing is there.
    var edited: String?

    static func set(_ pointer: [String], _ value: String, _ message: String, _ edited: String?) -> Example {
        Example(pointer: pointer, value: value, message: message, edited: edited)
    }

    static func remove(_ pointer: [String], _ message: String, _ edited: String?) -> Example {
        Example(pointer: pointer, value: nil, message: message, edited: edited)
    }

    var testDescription: String { "\(pointer) \(value ?? "removed"): \(message.prefix(60))" }
}

/// What becomes of `message`, and its text where it was edited.
private func apply(
    _ pointer: [String], _ value: String?, _ message: [UInt8], atMost maximum: Int = .max
) throws -> (JSONEditOutcome, String?) {
    let edit = try #require(value == nil ? JSONEdit(remove: pointer) : JSONEdit(set: pointer))
    let value = Array((value ?? "").utf8)
    var output = Array("left from before".utf8)
    let outcome = JSONInspector().apply(
        edit, value: value.span, to: message.span, into: &output, atMost: maximum)
    #expect(outcome == .edited || output.isEmpty)
    return (outcome, outcome == .edited ? String(decoding: output, as: UTF8.self) : nil)
}

@Suite struct JSONEditTests {
    @Test(
        "set",
        arguments: [
            .set([], "1", #" {"a":2} "#, " 1 "),
            .set([], #"{"b":[]}"#, "null", #"{"b":[]}"#),
            .set(["a"], "1", #"{"a":2}"#, #"{"a":1}"#),
            .set(["a"], "1", #"{ "a" : {"b":[2]} , "c":3}"#, #"{ "a" : 1 , "c":3}"#),
            .set(["a", "b"], "[]", #"{"a":{"x":1,"b":null}}"#, #"{"a":{"x":1,"b":[]}}"#),
            .set(["a", "1"], "9", "{\"a\":[1,\n2 ,3]}", "{\"a\":[1,\n9 ,3]}"),
            // What is missing.
            .set(["a"], "1", "{}", #"{"a":1}"#),
            .set(["a"], "1", "{ }", #"{"a":1 }"#),
            .set(["a"], "1", #"{"b":2}"#, #"{"b":2,"a":1}"#),
            .set(["a"], "1", #"{ "b":2 }"#, #"{ "b":2,"a":1 }"#),
            .set(["a", "b"], "1", #"{"a":{"c":[]}}"#, #"{"a":{"c":[],"b":1}}"#),
            .set(["a", "b"], "1", "{}", nil),
            .set(["a", "b"], "1", #"{"a":7}"#, nil),
            .set(["a"], "1", "7", nil),
            .set(["a"], "1", "[7]", nil),
            .set(["\"\\\n\u{1f}é"], "1", "{}", #"{"\"\\\u000a\u001fé":1}"#),
            .set([""], "1", #"{"b":2}"#, #"{"b":2,"":1}"#),
            // Arrays.
            .set(["-"], "1", "[]", "[1]"),
            .set(["0"], "1", "[ ]", "[1 ]"),
            .set(["-"], "1", "[7]", "[7,1]"),
            .set(["2"], "1", "[7, 8\n]", "[7, 8,1\n]"),
            .set(["3"], "1", "[7,8]", nil),
            .set(["01"], "1", "[7,8]", nil),
            .set(["-", "a"], "1", "[]", nil),
            .set(["0", "-"], "1", "[[],[]]", "[[1],[]]"),
            .set(["-"], "1", #"{"-":2}"#, #"{"-":1}"#),
            .set(["0"], "1", #"{"0":2}"#, #"{"0":1}"#),
            // Keys that stand more than once, and keys with escapes.
            .set(["a"], "10", #"{"a":1,"b":2,"a":3}"#, #"{"a":10,"b":2,"a":10}"#),
            .set(["a", "b"], "1", #"{"a":{"b":2,"b":3},"a":{},"a":4}"#, #"{"a":{"b":1,"b":1},"a":{"b":1},"a":4}"#),
            .set(["type"], "1", #"{"ty\u0070e":2}"#, #"{"ty\u0070e":1}"#),
            .set(["😀"], "1", #"{"\ud83d\ude00":2}"#, #"{"\ud83d\ude00":1}"#),
            .set(["a"], "1", #"{"\ud800":2}"#, #"{"\ud800":2,"a":1}"#),
        ] as [Example])
    private func set(_ example: Example) throws {
        let (outcome, edited) = try apply(example.pointer, example.value, Array(example.message.utf8))
        #expect(outcome == (example.edited == nil ? .unchanged : .edited))
        #expect(edited == example.edited)
    }

    @Test(
        "remove",
        arguments: [
            .remove(["a"], #"{"a":1}"#, "{}"),
            .remove(["a"], #"{ "a" : 1 }"#, "{  }"),
            .remove(["a"], #"{"a":1,"b":2}"#, #"{"b":2}"#),
            .remove(["a"], #"{ "a":1 , "b":2 }"#, #"{ "b":2 }"#),
            .remove(["b"], #"{"a":1,"b":2}"#, #"{"a":1}"#),
            .remove(["b"], #"{ "a":1 , "b":{"x":[]} }"#, #"{ "a":1  }"#),
            .remove(["b"], #"{"a":1, "b":2, "c":3}"#, #"{"a":1, "c":3}"#),
            .remove(["a", "b"], #"{"a":{"b":1},"b":2}"#, #"{"a":{},"b":2}"#),
            .remove(["a"], #"{"b":{"a":1}}"#, nil),
            .remove(["a", "b"], #"{"a":[1]}"#, nil),
            .remove(["a"], "7", nil),
            .remove(["a"], "{}", nil),
            .remove(["0"], "[1]", "[]"),
            .remove(["0"], "[ 1 , 2 ]", "[ 2 ]"),
            .remove(["1"], "[ 1 , 2 ]", "[ 1  ]"),
            .remove(["1"], "[1,2,3]", "[1,3]"),
            .remove(["3"], "[1,2,3]", nil),
            .remove(["-"], "[1,2,3]", nil),
            .remove(["1", "x"], #"[{},{"y":0,"x":1}]"#, #"[{},{"y":0}]"#),
            // Keys that stand more than once, and keys with escapes.
            .remove(["a"], #"{"a":1,"a":2}"#, "{}"),
            .remove(["a"], #"{ "a":1, "a":2 ,"b":3}"#, #"{ "b":3}"#),
            .remove(["a"], #"{"b":0,"a":1,"a":2}"#, #"{"b":0}"#),
            .remove(["a"], #"{"a":1,"b":3,"a":2,"c":4,"a":5}"#, #"{"b":3,"c":4}"#),
            .remove(["a", "b"], #"{"a":{"b":1},"a":{"b":2,"c":3}}"#, #"{"a":{},"a":{"c":3}}"#),
            .remove(["type"], #"{"\u0074ype":2}"#, "{}"),
            .remove(["\u{FFFD}"], #"{"\ud800":2}"#, "{}"),
        ] as [Example])
    private func remove(_ example: Example) throws {
        let (outcome, edited) = try apply(example.pointer, nil, Array(example.message.utf8))
        #expect(outcome == (example.edited == nil ? .unchanged : .edited))
        #expect(edited == example.edited)
    }

    @Test("what is no JSON is left alone, wherever the error is")
    func notJSON() throws {
        for message in [
            "", " ", #"{"a":1} x"#, #"{"a":1}{"a":1}"#, #"{"a":1,}"#, #"{"a":1"#, #"{"a" 1}"#, #"{"a":01}"#, #"{a:1}"#,
            "[1,]", "[1 2]", "\u{FEFF}{\"a\":1}", "{\"a\":\"\n\"}", #"{"a":1,"b":nul}"#, #"{"a":1,"b":"\q"}"#,
            "{\"a\":1]",
        ] {
            #expect(try apply(["a"], "2", Array(message.utf8)).0 == .notJSON, "\(message)")
            #expect(try apply(["a"], nil, Array(message.utf8)).0 == .notJSON, "\(message)")
            #expect(try apply([], "2", Array(message.utf8)).0 == .notJSON, "\(message)")
        }
        #expect(try apply(["a"], "2", Array(#"{"a":""#.utf8) + [0xff] + Array(#""}"#.utf8)).0 == .notJSON)
    }

    @Test("a value that is no JSON is not put anywhere")
    func badValue() throws {
        for value in ["", "x", "1,2", #""a"#, "{}}", "\u{FEFF}1"] {
            #expect(try apply(["a"], value, Array(#"{"a":1}"#.utf8)).0 == .failed, "\(value)")
        }
        #expect(try apply(["a"], " 2\n", Array(#"{"a":1}"#.utf8)).1 == "{\"a\": 2\n}")
    }

    @Test("the bound on the length is exact")
    func bound() throws {
        let message = Array(#"{"a":1,"a":2,"b":3}"#.utf8)
        let edited = #"{"a":"0123456789","a":"0123456789","b":3}"#
        #expect(try apply(["a"], #""0123456789""#, message, atMost: edited.utf8.count).1 == edited)
        for maximum in [edited.utf8.count - 1, 20, 1, 0, -1, .min] {
            #expect(try apply(["a"], #""0123456789""#, message, atMost: maximum).0 == .tooLarge)
        }
        #expect(try apply(["a"], nil, message, atMost: 7).1 == #"{"b":3}"#)
        #expect(try apply(["a"], nil, message, atMost: 6).0 == .tooLarge)
        // Many places, and a value that would make each of them large.
        let many = Array(("{" + Array(repeating: #""a":1"#, count: 10_000).joined(separator: ",") + "}").utf8)
        let long = "\"" + String(repeating: "x", count: 1 << 20) + "\""
        #expect(try apply(["a"], long, many, atMost: 1 << 21).0 == .tooLarge)
    }

    @Test("what cannot be an edit")
    func refused() {
        let deep = Array(repeating: "a", count: 256)
        #expect(JSONEdit(remove: []) == nil)
        #expect(JSONEdit(set: deep + ["a"]) == nil)
        #expect(JSONEdit(remove: deep + ["a"]) == nil)
        #expect(JSONEdit(set: []) != nil && JSONEdit(set: deep) != nil && JSONEdit(remove: deep) != nil)
    }

    @Test("as deep as a pointer may go")
    func deep() throws {
        let pointer = Array(repeating: "a", count: 256)
        let open = String(repeating: #"{"a":"#, count: 256)
        let close = String(repeating: "}", count: 256)
        let nest = String(repeating: "[", count: 256) + String(repeating: "]", count: 256)
        #expect(try apply(pointer, "1", Array((open + nest + close).utf8)).1 == open + "1" + close)
        #expect(try apply(pointer, "1", Array((open + "[" + nest + "]" + close).utf8)).0 == .notJSON)
        let removed = try apply(pointer, nil, Array((open + nest + close).utf8)).1
        #expect(removed == String(repeating: #"{"a":"#, count: 255) + "{}" + String(repeating: "}", count: 255))
    }

    @Test("as a naive edit would, byte for byte, whatever is edited")
    func naive() throws {
        var random = Randomness(3)
        var output: [UInt8] = []
        for _ in 0..<6000 {
            let tree = WrittenTree(random.tree(depth: 4), &random)
            let pointer = (0..<random.below(4)).map { _ in random.pick(Randomness.keys + ["-", "2", "3"]) }
            let message = Array(tree.text.utf8)
            let value = Array(random.text(random.tree(depth: 2)).utf8)
            let isSet = pointer.isEmpty || random.below(2) == 0
            var expected = tree
            let isChanged =
                isSet
                ? expected.set(pointer[...], to: String(decoding: value, as: UTF8.self), &random)
                : expected.remove(pointer[...])
            let edit = try #require(isSet ? JSONEdit(set: pointer) : JSONEdit(remove: pointer))
            let outcome = JSONInspector().apply(
                edit, value: value.span, to: message.span, into: &output, atMost: 1 << 20)
            #expect(outcome == (isChanged ? .edited : .unchanged))
            guard isChanged else { continue }
            #expect(String(decoding: output, as: UTF8.self) == expected.text, "\(pointer) in \(tree.text)")
            _ = try JSONSerialization.jsonObject(with: Data(output), options: .fragmentsAllowed)
        }
    }

    @Test("a steady state costs no allocation")
    func allocations() throws {
        let edits = [try #require(JSONEdit(set: ["b", "x"])), try #require(JSONEdit(remove: ["a"]))]
        let message = Array(#"{"a":1,"b":{"x":2},"a":3}"#.utf8)
        let value = Array(#""0123456789""#.utf8)
        let inspector = JSONInspector()
        var output: [UInt8] = []
        var before = allocation_count()
        var edited = 0
        for round in 0..<100 {
            if round == 2 { before = allocation_count() }
            let outcome = inspector.apply(
                edits[round % 2], value: value.span, to: message.span, into: &output, atMost: 1000)
            if outcome == .edited { edited += 1 }
        }
        #expect(allocation_count() == before)
        #expect(edited == 100)
    }
}

/// A tree as it is written, with all of its white space: edited naively.
private indirect enum WrittenTree {
    struct Part {
        var before: String
        /// A key in quotes, and the colon with what is around it; empty in an array.
        var label: String
        var key: String
        var value: WrittenTree
        var after: String
    }

    case scalar(String)
    /// In brackets of either kind; what is between them where there are no parts.
    case container(isObject: Bool, [Part], space: String)

    init(_ tree: JSONTree, _ random: inout Randomness) {
        switch tree {
        case .array(let elements):
            self = .container(
                isObject: false,
                elements.map { element in
                    Part(
                        before: random.space(), label: "", key: "", value: WrittenTree(element, &random),
                        after: random.space())
                }, space: random.space())
        case .object(let members):
            self = .container(
                isObject: true,
                members.map { member in
                    let label = random.text(.string(member.key)) + random.space() + ":" + random.space()
                    return Part(
                        before: random.space(), label: label, key: member.key,
                        value: WrittenTree(member.value, &random), after: random.space())
                }, space: random.space())
        default: self = .scalar(random.text(tree))
        }
    }

    var text: String {
        switch self {
        case .scalar(let text): return text
        case .container(let isObject, let parts, let space):
            let inside = parts.map { $0.before + $0.label + $0.value.text + $0.after }.joined(separator: ",")
            return (isObject ? "{" : "[") + (parts.isEmpty ? space : inside) + (isObject ? "}" : "]")
        }
    }

    private static func isNamed(_ part: Part, _ index: Int, _ isObject: Bool, _ token: String) -> Bool {
        isObject ? Array(part.key.utf8) == Array(token.utf8) : String(index) == token
    }

    /// Whether anything was changed.
    mutating func set(_ pointer: ArraySlice<String>, to value: String, _ random: inout Randomness) -> Bool {
        guard let token = pointer.first else {
            self = .scalar(value)
            return true
        }
        guard case .container(let isObject, var parts, let space) = self else { return false }
        var isChanged = false
        var isFound = false
        for index in parts.indices where Self.isNamed(parts[index], index, isObject, token) {
            isFound = true
            if parts[index].value.set(pointer.dropFirst(), to: value, &random) { isChanged = true }
        }
        let canAdd = isObject || token == "-" || token == String(parts.count)
        if !isFound, pointer.count == 1, canAdd {
            let label = isObject ? "\"" + token.escaped + "\":" : ""
            var after = space
            if let last = parts.indices.last {
                after = parts[last].after
                parts[last].after = ""
            }
            parts.append(Part(before: "", label: label, key: token, value: .scalar(value), after: after))
            isChanged = true
        }
        self = .container(isObject: isObject, parts, space: space)
        return isChanged
    }

    mutating func remove(_ pointer: ArraySlice<String>) -> Bool {
        guard let token = pointer.first, case .container(let isObject, var parts, var space) = self else {
            return false
        }
        var isChanged = false
        if pointer.count > 1 {
            for index in parts.indices where Self.isNamed(parts[index], index, isObject, token) {
                if parts[index].value.remove(pointer.dropFirst()) { isChanged = true }
            }
        } else {
            var kept: [Part] = []
            var leading: String?
            for (index, part) in parts.enumerated() {
                guard Self.isNamed(part, index, isObject, token) else {
                    var part = part
                    if let before = leading { part.before = before }
                    leading = nil
                    kept.append(part)
                    continue
                }
                isChanged = true
                if let last = kept.indices.last {
                    kept[last].after += part.after
                } else {
                    leading = leading ?? part.before
                    space = (leading ?? "") + part.after
                }
            }
            parts = kept
        }
        self = .container(isObject: isObject, parts, space: space)
        return isChanged
    }
}

extension String {
    fileprivate var escaped: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\n": text += "\\u000a"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
