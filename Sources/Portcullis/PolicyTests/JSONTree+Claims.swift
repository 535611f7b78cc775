import PolicyModel
import Tokens

extension JSONTree {
    /// nil for what is not one value of RFC 8259, nested ``JSON/maximumDepth`` deep at most, each name once in its object.
    init?(parsing bytes: [UInt8]) {
        guard let value = JSON.decode(bytes) else { return nil }
        self.init(value)
    }

    /// As a claim of a token.
    var claim: ClaimValue {
        switch self {
        case .string(let text): .string(text)
        case .integer(let integer): .integer(integer)
        case .double(let double): .double(double)
        case .boolean(let boolean): .boolean(boolean)
        case .null: .null
        case .array(let values): .array(values.map(\.claim))
        case .object(let members): .object(members.mapValues(\.claim))
        }
    }

    private init(_ value: ClaimValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .integer(let integer): self = .integer(integer)
        case .double(let double): self = .double(double)
        case .boolean(let boolean): self = .boolean(boolean)
        case .null: self = .null
        case .array(let values): self = .array(values.map { JSONTree($0) })
        case .object(let members): self = .object(members.mapValues { JSONTree($0) })
        }
    }
}
