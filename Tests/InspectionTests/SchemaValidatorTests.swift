import CAllocationCount
import Inspection
import Testing

private let duplicate = SchemaViolation.Cause.duplicateName

@Suite struct SchemaValidatorTests {
    @Test(
        "lengths count code points",
        arguments: [
            (#""""#, 0), (#""abc""#, 3), (#""é""#, 1), (#""😀😀""#, 2), (#""\ud83d\ude00""#, 1), ("\"e\u{301}\"", 2),
            (#""\n\u0000""#, 2),
            ("\"" + String(repeating: "€", count: 500) + "\"", 500),
        ])
    func lengths(_ message: String, _ length: Int) throws {
        #expect(try outcome(message, #"{"minLength":\#(length),"maxLength":\#(length)}"#) == .valid)
        #expect(try outcome(message, #"{"minLength":\#(length + 1)}"#) == violation("", .minLength))
        guard length > 0 else { return }
        #expect(try outcome(message, #"{"maxLength":\#(length - 1)}"#) == violation("", .maxLength))
    }

    @Test(
        "what is not JSON is said to be so, whatever the schema",
        arguments: ["", "{", "{}{}", "nul", #"{"a":1,}"#, #""\ud800""#, "\u{feff}{}", "[1] x"])
    func notJSON(_ message: String) throws {
        #expect(try outcome(message, "true") == .notJSON)
        #expect(try outcome(message, "false") == .notJSON)
    }

    @Test(
        "every member of a name that stands twice is validated",
        arguments: [
            (#"{"properties":{"a":{"type":"integer"}}}"#, #"{"a":1,"a":"x"}"#, violation("/a", .type)),
            (#"{"properties":{"a":{"type":"integer"}}}"#, #"{"a":"x","a":1}"#, violation("/a", .type)),
            (#"{"properties":{"a":{"type":"integer"}}}"#, #"{"a":1,"\u0061":2}"#, .valid),
            (#"{"required":["a","b"]}"#, #"{"a":1,"a":2}"#, violation("", .required)),
            (#"{"minProperties":2}"#, #"{"a":1,"a":2}"#, violation("", .minProperties)),
            (#"{"minProperties":2}"#, #"{"a":1,"a":2,"b":3}"#, .valid),
            (#"{"maxProperties":1}"#, #"{"a":1,"a":2}"#, violation("", .maxProperties)),
            (#"{"const":{"a":1}}"#, #"{"a":1,"a":1}"#, violation("", .constant)),
            (#"{"const":{"a":1,"b":1}}"#, #"{"a":1,"a":1}"#, violation("", .constant)),
            (
                #"{"anyOf":[{"properties":{"a":{"const":1}}},{"properties":{"a":{"const":2}}}]}"#, #"{"a":1,"a":2}"#,
                violation("", .anyOf)
            ),
        ] as [(String, String, SchemaOutcome)])
    func duplicates(_ schema: String, _ message: String, _ expected: SchemaOutcome) throws {
        #expect(try outcome(message, schema) == expected)
    }

    /// In each of these a reader that takes the last member sees what the schema forbids.
    @Test(
        "a name that stands twice is refused where it could make a message pass",
        arguments: [
            (
                #"{"not":{"properties":{"role":{"const":"admin"}},"required":["role"]}}"#,
                #"{"role":"guest","role":"admin"}"#, ""
            ),
            (#"{"not":{"const":{"role":"admin"}}}"#, #"{"role":"guest","role":"admin"}"#, ""),
            (#"{"not":{"enum":[[{"role":"admin"}]]}}"#, #"[{"role":"guest","role":"admin"}]"#, "/0"),
            (
                #"{"if":{"properties":{"role":{"const":"admin"}}},"then":{"required":["key"]}}"#,
                #"{"role":"guest","role":"admin"}"#, ""
            ),
            (
                #"{"oneOf":[{"properties":{"a":{"const":1}}},{"properties":{"b":{"const":1}}}]}"#,
                #"{"a":1,"b":2,"b":1}"#, ""
            ),
            (#"{"contains":{"properties":{"a":{"const":1}}},"maxContains":1}"#, #"[{"a":1},{"a":2,"a":1}]"#, "/1"),
            (#"{"uniqueItems":true}"#, #"[{"a":1},{"a":2,"a":1}]"#, "/1"),
            (#"{"not":{"properties":{"x":{"properties":{"a":{"const":1}}}}}}"#, #"{"x":{"a":2,"a":1}}"#, "/x"),
        ])
    func inverted(_ schema: String, _ message: String, _ pointer: String) throws {
        #expect(try outcome(message, schema) == .invalid(SchemaViolation(pointer: pointer, cause: duplicate)))
    }

    @Test(
        "values are the same in whatever order their members stand",
        arguments: [
            (#"{"a":1,"b":[{"c":null},"x"]}"#, #"{"b":[{"c":null},"x"],"a":1.0}"#, true),
            (#"{"a":1,"b":2}"#, #"{"a":2,"b":1}"#, false), (#"[1,2]"#, #"[2,1]"#, false), ("[]", "{}", false),
            (#"{"a":[]}"#, #"{"a":{}}"#, false), (#"["a"]"#, #"["a",1]"#, false),
            (#"{"é":1}"#, #"{"e\u0301":1}"#, false),
            (#"{"é":"\n"}"#, #"{"\u00e9":"\u000a"}"#, true), ("[[1],[2]]", "[[1,2],[]]", false),
            (#"{"a":{"b":1},"c":2}"#, #"{"a":{"b":1,"c":2}}"#, false),
        ])
    func equality(_ one: String, _ other: String, _ isEqual: Bool) throws {
        #expect(try outcome(one, #"{"const":\#(other)}"#) == (isEqual ? .valid : violation("", .constant)))
        #expect(try outcome(other, #"{"enum":[0,\#(one)]}"#) == (isEqual ? .valid : violation("", .enumeration)))
        #expect(
            try outcome("[\(one),7,\(other)]", #"{"uniqueItems":true}"#)
                == (isEqual ? violation("", .uniqueItems) : .valid))
    }

    @Test("an enum of ten thousand values is a look-up")
    func largeEnumeration() throws {
        let values = (0..<10_000).map { "\"v\($0)\"" }.joined(separator: ",")
        let schema = #"{"items":{"enum":[\#(values)]}}"#
        // Many more comparisons than steps, were each value compared with each.
        let message = "[" + Array(repeating: "\"v9999\"", count: 8000).joined(separator: ",") + "]"
        #expect(try outcome(message, schema) == .valid)
        #expect(try outcome(#"["v1","v10000"]"#, schema) == violation("/1", .enumeration))
    }

    @Test("names past the first 64 are seen, and those that nothing is said about")
    func manyNames() throws {
        let required = (0..<200).map { "\"n\($0)\"" }.joined(separator: ",")
        let members = (0..<199).map { "\"n\($0)\":0" }.joined(separator: ",")
        let schema = #"{"required":[\#(required)],"dependentRequired":{"n150":["n64"]}}"#
        #expect(try outcome("{\(members),\"n199\":0,\"other\":0}", schema) == .valid)
        #expect(try outcome("{\(members)}", schema) == violation("", .required))
    }

    // MARK: Hostile messages

    @Test(
        "64 KiB of elements that must differ cost no more than their size allows",
        arguments: [
            (0..<12_000).map(String.init), (0..<6_000).map { "\"k\($0)\"" }, (0..<4_000).map { "{\"a\":\($0)}" },
            (0..<4_000).map { "[[\($0)]]" }, (0..<8_000).map { "\($0).5" },
        ])
    func unique(_ elements: [String]) throws {
        let message = elements.joined(separator: ",")
        #expect(try outcome("[\(message)]", #"{"uniqueItems":true}"#) == .valid)
        #expect(try outcome("[\(message),\(elements[0])]", #"{"uniqueItems":true}"#) == violation("", .uniqueItems))
    }

    @Test("members in the opposite order are compared as long as the steps last")
    func opposite() throws {
        func object(_ names: [Int]) -> String { "{" + names.map { "\"k\($0)\":0" }.joined(separator: ",") + "}" }
        let few = Array(0..<100)
        #expect(
            try outcome("[\(object(few)),\(object(few.reversed()))]", #"{"uniqueItems":true}"#)
                == violation("", .uniqueItems))
        let many = Array(0..<3000)
        #expect(try outcome("[\(object(many)),\(object(many.reversed()))]", #"{"uniqueItems":true}"#) == .failed)
    }

    @Test(
        "what grows with every level of a message ends at the bound on steps, and lets nothing pass",
        arguments: [
            ##"{"anyOf":[{"type":"array","items":{"$ref":"#"}},{"type":"array","items":{"$ref":"#"}},{"type":"integer"}]}"##,
            ##"{"not":{"anyOf":[{"type":"array","items":{"$ref":"#"}},{"type":"array","items":{"$ref":"#"}},{"type":"integer"}]}}"##,
            ##"{"allOf":[{"items":{"$ref":"#"}},{"items":{"$ref":"#"}}]}"##,
            ##"{"oneOf":[{"type":"array","items":{"$ref":"#"}},{"type":"array","items":{"$ref":"#"}},{"type":"integer"}]}"##,
            ##"{"if":{"items":{"$ref":"#"}},"then":{"items":{"$ref":"#"}}}"##,
            ##"{"contains":{"$ref":"#"},"items":{"$ref":"#"},"minContains":0,"maxContains":1}"##,
            ##"{"unevaluatedItems":{"$ref":"#"},"anyOf":[{"prefixItems":[{"$ref":"#"}]},{"prefixItems":[{"$ref":"#"}]}]}"##,
        ])
    func growing(_ schema: String) throws {
        let message = String(repeating: "[", count: 100) + "\"x\"" + String(repeating: "]", count: 100)
        #expect(try outcome(message, schema) == .failed)
        #expect(try outcome("[[1]]", schema) != .failed)
    }

    @Test("recursion ends at its bound, and lets nothing pass")
    func recursion() throws {
        let deep = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
        #expect(try outcome(deep, ##"{"items":{"$ref":"#"}}"##) == .valid)
        #expect(try outcome(deep, ##"{"items":{"allOf":[{"$ref":"#"}]}}"##) == .valid)
        let chain = (0..<6).map { ##""\##($0)":{"$ref":"#/$defs/\##($0 + 1)"}"## }.joined(separator: ",")
        let schema = ##"{"items":{"$ref":"#/$defs/0"},"$defs":{"## + chain + ##","6":{"$ref":"#"}}}"##
        #expect(try outcome(deep, schema) == .failed)
        #expect(try outcome(deep, ##"{"not":\##(schema.replacing("\"#", with: "\"#/not"))}"##) == .failed)
    }

    @Test("64 KiB of names, of numbers, of one string, under what looks at each of them")
    func large() throws {
        let names = (0..<5000).map { "\"name\($0)\":\($0)" }.joined(separator: ",")
        let schema = #"""
            {"propertyNames":{"pattern":"^name[0-9]+$"},"patternProperties":{"^name":{"type":"integer","multipleOf":1}},
             "minProperties":5000,"maxProperties":5000,"unevaluatedProperties":false,"required":["name4999"]}
            """#
        #expect(try outcome("{\(names)}", schema) == .valid)
        #expect(try outcome("{\(names),\"name\":\"x\"}", schema) == violation("", .maxProperties))
        let string = "\"" + String(repeating: "a", count: 65_536) + "\""
        #expect(
            try outcome(string, #"{"pattern":"^(a|aa|a*)*$","minLength":65536,"const":"x"}"#)
                == violation("", .constant))
        #expect(try outcome(string, #"{"pattern":"^(a|aa|a*)*$","minLength":65536,"maxLength":65536}"#) == .valid)
        #expect(try outcome(string, #"{"pattern":"(a*)*b"}"#) == violation("", .pattern))
    }

    // MARK: Memory

    @Test("a validator is used again after messages of every outcome")
    func again() throws {
        let schema = try JSONSchema(
            Array(
                ##"{"items":{"$ref":"#"},"required":["a"],"uniqueItems":true,"unevaluatedProperties":{"not":{"type":"null"}}}"##
                    .utf8),
            isStrict: true)
        var reader = JSONDocumentReader()
        var validator = SchemaValidator()
        for _ in 0..<3 {
            for (message, expected) in [
                ("[1,2]", SchemaOutcome.valid), ("[[3],[3]]", violation("", .uniqueItems)), ("{", .notJSON),
                ("{}", violation("", .required)), (#"[{"a":1,"b":2}]"#, .valid),
                (#"[{"a":1,"b":null}]"#, violation("/0/b", .unevaluatedProperties)),
                (#"[{"a":1,"a":2},1]"#, .invalid(SchemaViolation(pointer: "/0", cause: duplicate))),
            ] {
                let found = validator.validate(Array(message.utf8).span, with: &reader, against: schema)
                if message.contains("null") {
                    #expect(found == violation("/0/b", .not))
                } else {
                    #expect(found == expected)
                }
            }
        }
    }

    @Test("a valid message costs no allocation once the memory has grown")
    func allocations() throws {
        guard allocation_count_works() == 1 else { return }
        let schema = try JSONSchema(
            Array(
                ##"""
                {"type":"object","required":["type","at"],"properties":{"type":{"enum":["move","stop"]},
                 "at":{"type":"array","items":{"type":"number","multipleOf":0.25,"minimum":-1000},"uniqueItems":true,"contains":{"minimum":1}},
                 "who":{"$ref":"#/$defs/who"}},"patternProperties":{"^x-":{"maxLength":9}},"additionalProperties":false,
                 "minProperties":2,"propertyNames":{"maxLength":20},"dependentRequired":{"who":["at"]},
                 "oneOf":[{"properties":{"type":{"const":"move"}}},{"properties":{"type":{"const":"stop"}}}],
                 "$defs":{"who":{"anyOf":[{"type":"null"},{"required":["name"]}],"unevaluatedProperties":{"type":"boolean"},
                  "properties":{"name":{"minLength":2}}}}}
                """##.utf8), isStrict: true)
        let message = Array(
            ##"{"type":"move","at":[1.25,-3e2,18446744073709551616],"who":{"name":"aéb","ok":true},"x-a":"b"}"##.utf8)
        var reader = JSONDocumentReader()
        var validator = SchemaValidator()
        #expect(validator.validate(message.span, with: &reader, against: schema) == .valid)
        #expect(validator.validate(message.span, with: &reader, against: schema) == .valid)
        let before = allocation_count()
        var valid = 0
        for _ in 0..<100 where validator.validate(message.span, with: &reader, against: schema) == .valid { valid += 1 }
        let after = allocation_count()
        #expect(after - before == 0)
        #expect(valid == 100)
    }
}
