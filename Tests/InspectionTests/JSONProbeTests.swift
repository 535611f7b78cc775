import CAllocationCount
import Inspection
import Testing

private struct Example: Sendable, CustomTestStringConvertible {
    var message: String
    var pointer: [String]
    var predicate: JSONPredicate
    var isMet: Bool

    init(_ message: String, _ pointer: [String], _ predicate: JSONPredicate, _ isMet: Bool) {
        self.message = message
        self.pointer = pointer
        self.predicate = predicate
        self.isMet = isMet
    }

    var testDescription: String { "\(message.prefix(60)) at \(pointer): \(predicate) is \(isMet)" }
}

/// Which of the tests are met.
private func hits(_ tests: [JSONPointerTest], _ message: [UInt8]) throws -> [Int] {
    let probe = try #require(JSONProbe(tests))
    var inspector = JSONInspector()
    return scan(&inspector, probe, message)
}

private func scan(_ inspector: inout JSONInspector, _ probe: JSONProbe, _ message: [UInt8]) -> [Int] {
    var bits = TestBits()
    #expect(inspector.scan(probe, in: message.span, into: &bits) == .scanned)
    #expect(bits.count == probe.count)
    var found: [Int] = []
    bits.forEachSet { found.append($0) }
    return found
}

private func test(_ pointer: [String], _ predicate: JSONPredicate) -> JSONPointerTest {
    JSONPointerTest(pointer: pointer, predicate: predicate)
}

@Suite struct JSONProbeTests {
    @Test(
        "predicates",
        arguments: [
            Example(#"{"a":null}"#, ["a"], .exists, true),
            Example(#"{"a":[]}"#, ["a"], .exists, true),
            Example(#"{"b":1}"#, ["a"], .exists, false),
            Example(#"{"a":"x"}"#, ["a"], .equals(.string("x")), true),
            Example(#"{"a":{}}"#, ["a"], .equals(.null), false),
            Example("{}", [], .exists, true),
            Example("", [], .exists, false),
            Example("  ", [], .exists, false),
            Example("\u{FEFF}", [], .exists, false),
            Example("7", [], .exists, true),
            Example(#"{"a":"x"}"#, ["a"], .oneOf([.integer(1), .string("y"), .string("x")]), true),
            Example(#"{"a":1.0}"#, ["a"], .oneOf([.integer(1), .string("y")]), true),
            Example(#"{"a":1}"#, ["a"], .oneOf([.double(1.5), .double(1)]), true),
            Example(#"{"a":true}"#, ["a"], .oneOf([.boolean(false), .null]), false),
            Example(#"{"a":null}"#, ["a"], .oneOf([.boolean(false), .null]), true),
            Example(#"{"a":1}"#, ["a"], .oneOf([]), false),
            Example(#"{"a":""}"#, ["a"], .type(.string), true),
            Example(#"{"a":1}"#, ["a"], .type(.string), false),
            Example(#"{"a":"1"}"#, ["a"], .over(.integer(0)), false),
            // Not JSON, yet something stands there.
            Example(#"{"a":nul}"#, ["a"], .exists, true),
            Example(#"{"a":01}"#, ["a"], .type(.number), false),
            Example(#"{"a":"x"#, ["a"], .exists, true),
            Example(#"{"a":"x"#, ["a"], .type(.string), false),
            Example(#"{"a":}"#, ["a"], .exists, false),
            Example(#"{"a":,"b":1}"#, ["a"], .exists, false),
        ])
    private func predicates(_ example: Example) throws {
        let found = try hits([test(example.pointer, example.predicate)], Array(example.message.utf8))
        #expect(found == (example.isMet ? [0] : []))
    }

    @Test(
        "types",
        arguments: [
            ("null", [.null]), ("true", [.boolean]), ("false", [.boolean]), ("1", [.number, .integer]),
            ("1.0", [.number, .integer]), ("1.5", [.number]), ("1e3", [.number, .integer]), ("1e-3", [.number]),
            ("1000e-3", [.number, .integer]), ("0e-9", [.number, .integer]), ("-0.0", [.number, .integer]),
            ("1e400", [.number, .integer]), ("1e-400", [.number]), ("1e99999999999999999999999", [.number, .integer]),
            ("1e-99999999999999999999999", [.number]), ("123456789012345678901234567890", [.number, .integer]),
            ("12.50", [.number]), (#""1""#, [.string]), (#""\ud800""#, [.string]), ("[]", [.array]), ("[1]", [.array]),
            ("{}", [.object]), (#"{"a":1}"#, [.object]), ("nul", []), ("01", []), ("1.", []), (".5", []), ("+1", []),
            ("-", []), ("1e", []), ("NaN", []), ("trueish", []),
        ] as [(String, [JSONValueType])])
    func types(_ text: String, _ types: [JSONValueType]) throws {
        let all = JSONValueType.allCases
        let expected = all.indices.filter { types.contains(all[$0]) }
        let message = #"{"x":[0,\#(text)]}"#
        #expect(try hits(all.map { test(["x", "1"], .type($0)) }, Array(message.utf8)) == expected)
        #expect(try hits(all.map { test([], .type($0)) }, Array(text.utf8)) == expected)
    }

    @Test(
        "over and under, exactly",
        arguments: [
            // The number, a limit, and how the one stands to the other.
            ("1", .integer(1), 0), ("2", .integer(1), 1), ("0", .integer(1), -1), ("-2", .integer(-1), -1),
            ("1.0", .integer(1), 0), ("1.0000000000000000000000001", .integer(1), 1),
            ("0.9999999999999999999999999", .integer(1), -1), ("-0.0", .integer(0), 0), ("1e-400", .integer(0), 1),
            ("-1e-400", .integer(0), -1), ("1e400", .integer(.max), 1), ("-1e400", .integer(.min), -1),
            ("10e-1", .integer(1), 0), ("100e-1", .integer(9), 1), ("0.001e5", .integer(100), 0),
            ("9007199254740993", .integer(9_007_199_254_740_992), 1),
            ("9007199254740993.0", .integer(9_007_199_254_740_993), 0),
            ("9223372036854775807", .integer(.max), 0), ("9223372036854775808", .integer(.max), 1),
            ("-9223372036854775808", .integer(.min), 0), ("-9223372036854775809", .integer(.min), -1),
            ("9223372036854775807.1", .integer(.max), 1), ("18446744073709551616", .integer(.max), 1),
            ("1", .double(1.5), -1), ("2", .double(1.5), 1), ("1.5", .double(1.5), 0), ("0.1", .double(0.1), 0),
            ("0.10000000000000002", .double(0.1), 1), ("9007199254740993", .double(9_007_199_254_740_992), 1),
            ("9223372036854775807", .double(9_223_372_036_854_775_808), -1),
            ("18446744073709551615", .double(18_446_744_073_709_551_616), -1),
            ("18446744073709551616", .double(18_446_744_073_709_551_616), 0), ("1e400", .double(1e308), 1),
            ("-1e400", .double(-1e308), -1), ("-1", .double(-0.5), -1), ("-1", .double(-1.5), 1),
            ("18446744073709551615", .double(-1.5), 1), ("0", .double(-0.0), 0), ("1e-400", .double(0), 1),
        ] as [(String, JSONNumber, Int)])
    func limits(_ number: String, _ limit: JSONNumber, _ order: Int) throws {
        let tests = [test(["0"], .over(limit)), test(["0"], .under(limit))]
        #expect(try hits(tests, Array("[\(number)]".utf8)) == (order > 0 ? [0] : order < 0 ? [1] : []))
        // However many digits there are.
        if !number.contains("e") {
            let long = number + (number.contains(".") ? "" : ".") + String(repeating: "0", count: 70_000)
            let exact = if case .double = limit, !number.contains(".") { false } else { true }
            if exact {
                #expect(try hits(tests, Array("[\(long)]".utf8)) == (order > 0 ? [0] : order < 0 ? [1] : []))
            }
        }
    }

    @Test("a limit must be a number, and a pointer not too deep")
    func refused() {
        for value in [Double.nan, .infinity, -.infinity] {
            #expect(JSONProbe([test([], .over(.double(value)))]) == nil)
            #expect(JSONProbe([test([], .equals(.double(value)))]) == nil)
        }
        let deep = Array(repeating: "a", count: 256)
        #expect(JSONProbe([test(deep, .exists)]) != nil)
        #expect(JSONProbe([test(deep + ["a"], .exists)]) == nil)
    }

    @Test("patterns look at strings without their escapes")
    func patterns() throws {
        let tests = try [
            test(["a"], .matches(Pattern("^admin$"))), test(["a"], .matches(Pattern("\n"))),
            test(["a"], .matches(Pattern("min"))), test(["a"], .matches(Pattern("^$"))),
            test(["a"], .matches(Pattern("^u00 m"))), test(["a"], .matches(Pattern("^pass.word$"))),
        ]
        func found(_ text: String) throws -> [Int] { try hits(tests, Array(text.utf8)) }
        #expect(try found(#"{"a":"admin"}"#) == [0, 2])
        #expect(try found(#"{"a":"\u0061d\u006din"}"#) == [0, 2])
        #expect(try found(#"{"a":"x\nmin"}"#) == [1, 2])
        #expect(try found(#"{"a":""}"#) == [3])
        #expect(try found(#"{"a":7,"b":"admin"}"#) == [])
        #expect(try found(#"{"a":["admin"]}"#) == [])
        // Half a surrogate pair, an escape that there is not, and bytes that are not JSON's hide nothing beside them.
        #expect(try found(#"{"a":"\ud800 min"}"#) == [2])
        #expect(try found(#"{"a":"\q min"}"#) == [2])
        #expect(try found(#"{"a":"\u00 min"}"#) == [2, 4])
        #expect(try found("{\"a\":\"x\nmin\"}") == [1, 2])
        #expect(try hits(tests, Array(#"{"a":""#.utf8) + [0xff] + Array(#"min"}"#.utf8)) == [2])
        #expect(try hits(tests, Array(#"{"a":"min"}, "#.utf8) + [0xff]) == [2])
        #expect(try hits(tests, Array(#"{"a":"pass"#.utf8) + [0xff] + Array(#"word"}"#.utf8)) == [5])
    }

    @Test("pointers that begin alike are all followed, and containers as well as what is in them")
    func prefixes() throws {
        let tests = [
            test([], .type(.object)), test(["a"], .type(.object)), test(["a"], .exists), test(["a", "b"], .exists),
            test(["a", "b", "0"], .equals(.integer(1))), test(["a", "b", "1"], .equals(.integer(2))),
            test(["a", "b"], .type(.array)), test(["a", "c"], .exists), test(["d"], .exists),
            test(["a"], .equals(.string("x"))), test(["a", "b"], .equals(.integer(1))), test([], .type(.array)),
            test(["a", "b"], .exists),
        ]
        let message = #"{"x":[{}],"a":{"y":{"b":2},"b":[1,2,3],"z":[]},"d":null}"#
        #expect(try hits(tests, Array(message.utf8)) == [0, 1, 2, 3, 4, 5, 6, 8, 12])
        #expect(try hits(tests, Array((message + "]").utf8)) == [0, 1, 2, 3, 4, 5, 6, 8, 12])
        // The same key in several places: each is looked at.
        #expect(try hits(tests, Array(#"{"a":{"b":[0]},"a":{"b":[1]},"a":"x"}"#.utf8)) == [0, 1, 2, 3, 4, 6, 9, 12])
        #expect(try hits(tests, Array("[]\u{1E}{\"d\":1}".utf8)) == [0, 8, 11])
    }

    @Test("what is broken at one place does not put out the test of another")
    func brokenBeside() throws {
        let tests = [
            test(["a", "c"], .equals(.integer(1))), test(["b"], .equals(.integer(2))),
            test(["a", "0"], .equals(.integer(3))),
        ]
        for broken in [
            "{x}", "{\"c\" 1}", "{\"c\":x}", "[x]", "[{]]", "[3 4]", "nul", "{\"c\":1,,}", "[,]", "{,}", "{:}",
        ] {
            let found = try hits(tests, Array("{\"a\":\(broken),\"b\":2}".utf8))
            #expect(found.contains(1), "\(broken)")
        }
        #expect(try hits(tests, Array(#"{"a":{"c":1,x},"b":2}"#.utf8)) == [0, 1])
        #expect(try hits(tests, Array(#"{"y":{"z":["]}"]},"a":{x "]}"},"b":2} ]"#.utf8)) == [1])
        #expect(try hits(tests, Array(#"{"a":[3 4],"b":2}"#.utf8)) == [1, 2])
        #expect(try hits(tests, Array(#"{"a":{"c":1"#.utf8)) == [0])
        #expect(try hits(tests, Array(#"{"a":[3,"#.utf8)) == [2])
    }

    @Test("hundreds of keys and values cost no more than one")
    func many() throws {
        let tests =
            (0..<700).map { test(["k\($0)"], .equals(.integer(Int64($0)))) }
            + (0..<700).map { test(["t"], .equals(.string("v\($0)"))) }
            + [test(["t"], .oneOf((0..<5000).map { .string("v\($0)") } + (0..<5000).map { .integer($0) }))]
        let members = (0..<700).map { "\"k\($0)\":\($0 % 2 == 0 ? $0 : 0)" }.joined(separator: ",")
        let expected = (0..<700).filter { $0 % 2 == 0 } + [700 + 33, 1400]
        #expect(try hits(tests, Array("{\(members),\"t\":\"v33\"}".utf8)) == expected)
        #expect(try hits(tests, Array("{\(members),\"t\":4999.0}".utf8)).last == 1400)
    }

    @Test("indices far apart, and array elements beside members of the same name")
    func indices() throws {
        let tests =
            [5, 0, 100, 7, 99_999].map { test(["a", String($0)], .equals(.integer($0))) }
            + [test(["a", "-"], .exists), test(["a", "01"], .exists), test(["a", "18446744073709551616"], .exists)]
        let numbers = (0..<200).map { String($0) }.joined(separator: " , ")
        #expect(try hits(tests, Array("{\"a\":[\(numbers)]}".utf8)) == [0, 1, 2, 3])
        #expect(try hits(tests, Array("{\"a\":[\(numbers)]}}".utf8)) == [0, 1, 2, 3])
        #expect(try hits(tests, Array(#"{"a":{"7":7,"-":1,"01":1,"18446744073709551616":0}}"#.utf8)) == [3, 5, 6, 7])
        #expect(try hits(tests, Array("{\"a\":[0,,,,,5]}".utf8)) == [0, 1])
    }

    @Test("nesting, in a message and in its pointer, neither ends the process nor hides what stands beside it")
    func nesting() throws {
        let deep = Array(repeating: "0", count: 256)
        let tests = [test(deep, .exists), test(["x"], .exists), test(Array(repeating: "a", count: 255), .exists)]
        for depth in [255, 256, 65_536] {
            let open = String(repeating: "[", count: depth)
            let close = String(repeating: "]", count: depth)
            #expect(try hits(tests, Array((open + close).utf8)) == (depth > 256 ? [0] : []))
            #expect(try hits(tests, Array(open.utf8)) == (depth > 256 ? [0] : []))
            #expect(try hits(tests, Array(#"{"y":\#(open)\#(close),"x":1}"#.utf8)) == [1])
            #expect(try hits(tests, Array(close.utf8)) == [])
        }
        let objects = String(repeating: #"{"a":"#, count: 20_000)
        #expect(try hits(tests, Array(objects.utf8)) == [2])
        #expect(try hits(tests, Array((objects + "}{\"x\":").utf8)) == [2])
    }

    @Test("the same as a naive walk, for JSON of any kind")
    func naive() throws {
        var random = Randomness(1)
        var inspector = JSONInspector()
        var documents = JSONDocumentReader()
        for round in 0..<1500 {
            let tests = try (0..<1 + random.below(24)).map { _ in
                test(
                    (0..<random.below(4)).map { _ in random.pick(Randomness.keys) },
                    try random.predicate())
            }
            let probe = try #require(JSONProbe(tests))
            for _ in 0..<4 {
                let tree = random.tree(depth: 4)
                let text = Array(random.text(tree).utf8)
                let expected = tests.indices.filter { index in
                    tree.values(at: tests[index].pointer[...]).contains { tests[index].predicate.isMet(by: $0) }
                }
                #expect(scan(&inspector, probe, text) == expected, "\(round): \(String(decoding: text, as: UTF8.self))")
                // As the document reader has it, and as the careful reader sees it.
                #expect(documents.read(text.span) == .json)
                var bits = TestBits()
                let outcome = documents.withDocument { document in document.scan(probe, into: &bits) }
                #expect(outcome == .scanned)
                #expect(probe.count == bits.count && (0..<bits.count).filter { bits[$0] } == expected)
                #expect(scan(&inspector, probe, text + Array(" ]".utf8)) == expected)
            }
        }
    }

    @Test("finds at least what each test finds alone before the first error, whatever the bytes")
    func mutations() throws {
        var random = Randomness(2)
        var inspector = JSONInspector()
        let bytes: [UInt8] = [0, 0x0a, 0x1e, 0x20, 0x22, 0x2c, 0x3a, 0x5b, 0x5c, 0x5d, 0x61, 0x7b, 0x7d, 0x80, 0xff]
        for _ in 0..<1500 {
            let tests = try (0..<8).map { _ in
                test((0..<random.below(4)).map { _ in random.pick(Randomness.keys) }, try random.predicate())
            }
            let probe = try #require(JSONProbe(tests))
            let tree = random.tree(depth: 4)
            let text = Array(random.text(tree).utf8)
            let cut = random.below(text.count + 1)
            // What is found in the front part alone is found whatever comes behind it, unless it goes on there.
            let front = scan(&inspector, probe, text[..<cut] + Array(" ".utf8))
            let tail = (0..<random.below(12)).map { _ in random.pick(bytes) }
            let found = scan(&inspector, probe, text[..<cut] + Array(" ".utf8) + tail)
            #expect(Set(found).isSuperset(of: front), "\(String(decoding: text[..<cut], as: UTF8.self)) \(tail)")
        }
    }

    @Test("one inspector serves messages of all sizes, and a steady state costs no allocation")
    func reuse() throws {
        let probe = try #require(
            JSONProbe([
                test(["type"], .equals(.string("admin"))), test(["p"], .matches(Pattern("y"))),
                test(["n"], .over(.integer(5))), test(["n"], .over(.double(5.5))),
            ]))
        var inspector = JSONInspector()
        var bits = TestBits()
        var before = allocation_count()
        for round in 0..<3 {
            if round == 2 { before = allocation_count() }
            for index in 0..<Self.messages.count {
                let message = Self.messages[index]
                let outcome = inspector.scan(probe, in: message.span, into: &bits)
                let isRight = outcome == .scanned && bits[0] && !bits[1] && bits[2] && bits[3]
                if !isRight { Issue.record("\(bits)") }
            }
        }
        #expect(allocation_count() == before)
    }

    private static let messages = [0, 1, 31, 63, 64, 65, 4_000, 4_096, 70_000, 10, 1_000_000, 3].flatMap { size in
        ["", " x"].map { tail in
            Array(
                #"{"p":"\#(String(repeating: "\\u0078", count: size))","n":6.25,"type":"adm\u0069n"}\#(tail)"#.utf8)
        }
    }
}

extension Randomness {
    fileprivate mutating func predicate() throws -> JSONPredicate {
        switch below(9) {
        case 0: return .exists
        case 1: return .type(pick(JSONValueType.allCases))
        case 2: return .type(.string)
        case 3: return .matches(try Pattern(pick(["^a", "\n", "é", "^$", "[0-9]"])))
        case 4: return .over(number())
        case 5: return .under(number())
        case 6: return .oneOf((0..<below(6)).map { _ in scalar() })
        default: return .equals(scalar())
        }
    }

    private mutating func number() -> JSONNumber {
        below(2) == 0
            ? .integer(pick([0, 1, -1, 12, 9_007_199_254_740_992])) : .double(pick([0.1, 1.5, -1.5, 1e30, 2]))
    }

    private mutating func scalar() -> JSONScalarValue {
        switch below(5) {
        case 0: return below(2) == 0 ? .null : .boolean(below(2) == 0)
        case 1: return .integer(pick([0, 1, 2, 100, 9_007_199_254_740_993, .max]))
        case 2: return .double(pick([0.1, 1.5, 1, 1e30]))
        default: return .string(pick(Self.strings))
        }
    }
}

extension JSONPredicate {
    /// Naively: for numbers without more digits than the tests have.
    fileprivate func isMet(by value: JSONTree) -> Bool {
        switch self {
        case .exists: return true
        case .equals(let scalar): return scalar.isEqual(to: value)
        case .oneOf(let scalars): return scalars.contains { $0.isEqual(to: value) }
        case .matches(let pattern):
            guard case .string(let text) = value else { return false }
            return pattern.matches(Array(text.utf8).span)
        case .over(let limit):
            guard case .number(let text) = value else { return false }
            return limit.order(of: text) > 0
        case .under(let limit):
            guard case .number(let text) = value else { return false }
            return limit.order(of: text) < 0
        case .type(let type):
            switch value {
            case .null: return type == .null
            case .boolean: return type == .boolean
            case .string: return type == .string
            case .array: return type == .array
            case .object: return type == .object
            case .number(let text):
                if type == .number { return true }
                return type == .integer && Double(text).map { $0 == $0.rounded() } == true
            }
        }
    }
}

extension JSONNumber {
    /// Below 0, 0 or above 0, as the number stands to this one: exactly for the numbers that the tests use.
    fileprivate func order(of text: String) -> Int {
        if case .integer(let limit) = self, let number = Int64(text) {
            return number < limit ? -1 : number > limit ? 1 : 0
        }
        let limit: Double =
            switch self {
            case .integer(let value): Double(value)
            case .double(let value): value
            }
        let number = Double(text) ?? .nan
        return number < limit ? -1 : number > limit ? 1 : 0
    }
}

extension JSONScalarValue {
    fileprivate func isEqual(to value: JSONTree) -> Bool {
        switch (self, value) {
        case (.null, .null): true
        case (.boolean(let left), .boolean(let right)): left == right
        case (.string(let left), .string(let right)): Array(left.utf8) == Array(right.utf8)
        case (.integer(let left), .number(let text)): JSONNumber.integer(left).order(of: text) == 0
        case (.double(let left), .number(let text)): JSONNumber.double(left).order(of: text) == 0
        default: false
        }
    }
}
