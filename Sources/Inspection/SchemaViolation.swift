/// What validation says of a message.
package enum SchemaOutcome: Sendable, Hashable {
    case valid
    case invalid(SchemaViolation)
    case notJSON
    /// Memory ran out, or the schema asked for more steps or deeper recursion than a message of this size may cost, and
    /// nothing is known of the message: the caller must fail closed.
    case failed
}

/// Where a message first departs from its schema. Made of what the peer sent: for a log, which escapes it.
package struct SchemaViolation: Sendable, Hashable {
    /// What was found wanting.
    package enum Cause: Sendable, Hashable {
        case keyword(SchemaKeyword)
        /// An object has a name twice at a place where that can make a message pass: inside `not`, `if`, `oneOf`, a
        /// `contains` with `maxContains`, or elements that are compared for `uniqueItems`.
        case duplicateName
        /// The schema as a whole is `false`.
        case schema
    }

    /// Bytes of `pointer`, beyond which it is cut at a whole character and ends in `…`.
    package static let maximumPointerBytes = 256

    /// An RFC 6901 pointer to the value in the message; for a name that is not allowed, to its member.
    package let pointer: String
    package let cause: Cause

    package init(pointer: String, cause: Cause) {
        self.pointer = pointer
        self.cause = cause
    }
}
