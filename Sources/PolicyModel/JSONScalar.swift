/// A string, number, boolean or null, as a policy compares it.
package enum JSONScalar: Sendable, Hashable {
    case string(String)
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    case null
}
