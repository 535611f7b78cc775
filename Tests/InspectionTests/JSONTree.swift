import Inspection

/// A JSON value for tests: made at random, written in one of many ways, and walked naively.
indirect enum JSONTree: Sendable {
    case null
    case boolean(Bool)
    /// A number as it is written.
    case number(String)
    case string(String)
    case array([JSONTree])
    /// Keys may stand more than once.
    case object([(key: String, value: JSONTree)])

    /// All values that a pointer names.
    func values(at pointer: ArraySlice<String>) -> [JSONTree] {
        guard let token = pointer.first else { return [self] }
        let rest = pointer.dropFirst()
        switch self {
        case .object(let members):
            return members.filter { Array($0.key.utf8) == Array(token.utf8) }.flatMap { $0.value.values(at: rest) }
        case .array(let elements):
            guard let index = Int(token), String(index) == token, elements.indices.contains(index) else { return [] }
            return elements[index].values(at: rest)
        default: return []
        }
    }
}

/// Random numbers that are the same in each run.
struct Randomness {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 }

    /// 0..<`bound`.
    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ mixed >> 31) % UInt64(bound))
    }

    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }

    static let keys = ["a", "b", "c", "0", "1", "", "é", "q\"", "t\n", "😀", "a/b", "01"]
    static let strings = ["", "a", "admin", "été", "line\nbreak", "\"\\/", "😀", "\u{1}", "12"]
    static let numbers = [
        "0", "-0", "1", "1.0", "10e-1", "2", "-1", "1.5", "12", "0.1", "1e2", "100", "9007199254740993", "1e30", "1E+2",
        "-1.5e0", "9223372036854775807", "18446744073709551615",
    ]

    mutating func tree(depth: Int) -> JSONTree {
        switch below(depth > 0 ? 9 : 4) {
        case 0: return below(2) == 0 ? .null : .boolean(below(2) == 0)
        case 1: return .number(pick(Self.numbers))
        case 2, 3: return .string(pick(Self.strings))
        case 4, 5: return .array((0..<below(5)).map { _ in tree(depth: depth - 1) })
        default:
            return .object((0..<below(5)).map { _ in (key: pick(Self.keys), value: tree(depth: depth - 1)) })
        }
    }

    /// One of the ways to write it.
    mutating func text(_ tree: JSONTree) -> String {
        switch tree {
        case .null: return "null"
        case .boolean(let value): return value ? "true" : "false"
        case .number(let text): return text
        case .string(let value): return quoted(value)
        case .array(let elements):
            let parts = elements.map { space() + text($0) + space() }
            return "[" + (parts.isEmpty ? space() : parts.joined(separator: ",")) + "]"
        case .object(let members):
            let parts = members.map { space() + quoted($0.key) + space() + ":" + space() + text($0.value) + space() }
            return "{" + (parts.isEmpty ? space() : parts.joined(separator: ",")) + "}"
        }
    }

    mutating func space() -> String { pick(["", "", "", " ", "\n", "\t\r "]) }

    private mutating func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case _ where scalar.value < 0x20 || below(6) == 0:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16, uppercase: below(2) == 0)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
