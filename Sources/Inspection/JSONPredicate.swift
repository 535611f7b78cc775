/// What is asked of the values that a JSON pointer names. It holds where any of them meets it.
package struct JSONPointerTest: Sendable {
    /// The tokens of an RFC 6901 pointer with `~0` and `~1` resolved; none means the whole document.
    package var pointer: [String]
    package var predicate: JSONPredicate

    package init(pointer: [String], predicate: JSONPredicate) {
        self.pointer = pointer
        self.predicate = predicate
    }
}

/// What can be asked of a value.
package enum JSONPredicate: Sendable {
    /// It is this one. Never for an object or an array.
    case equals(JSONScalarValue)
    /// It is one of these; how many there are costs no time.
    case oneOf([JSONScalarValue])
    /// It is a string that the pattern matches anywhere, once its escapes are resolved.
    case matches(Pattern)
    /// There is a value at all, be it null.
    case exists
    case type(JSONValueType)
    /// It is a number greater than this.
    case over(JSONNumber)
    /// It is a number less than this.
    case under(JSONNumber)
}

/// A value that is neither object nor array. Numbers compare by value: 1, 1.0 and 1e0 are the integer 1.
package enum JSONScalarValue: Sendable, Hashable {
    case string(String)
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    case null
}

/// A number that others are compared with: exactly, however many digits they have. Against a double that is not whole, one
/// with a fraction, an exponent or more than 64 bits compares as the double nearest to it, so that 0.1 is not over 0.1.
package enum JSONNumber: Sendable, Hashable {
    case integer(Int64)
    case double(Double)
}

package enum JSONValueType: Sendable, Hashable, CaseIterable {
    case null
    case boolean
    case number
    /// A number without a fraction, however it is written: 1.0 and 1e3 are integers.
    case integer
    case string
    case array
    case object
}
