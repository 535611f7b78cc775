package import PolicyModel
package import Tokens

extension ClaimValue {
    /// What a policy has written, as tokens have it.
    package init(_ scalar: JSONScalar) {
        switch scalar {
        case .string(let value): self = .string(value)
        case .integer(let value): self = .integer(value)
        case .double(let value): self = .double(value)
        case .boolean(let value): self = .boolean(value)
        case .null: self = .null
        }
    }
}
