/// What a message, and the connection on which it comes, must look like for a rule to act.
package indirect enum MessageCondition: Sendable, Hashable {
    package enum Opcode: String, Sendable, CaseIterable {
        case text
        case binary
    }

    /// Every one of them; of none at all: every message.
    case all([MessageCondition])
    /// At least one of them.
    case any([MessageCondition])
    case not(MessageCondition)
    /// Who has sent it.
    case sender(MessageRule.Source)
    case opcode(Opcode)
    /// More and fewer payload bytes than these.
    case size(over: Int? = nil, under: Int? = nil)
    /// A text message in which the pattern matches somewhere.
    case text(TextPattern)
    /// JSON in which the value at the pointer (RFC 6901) is as demanded. A key that stands twice in an object counts in each of
    /// its places.
    case json(JSONPointer, JSONDemand)
    /// A binary message that begins with these bytes.
    case binaryPrefix([UInt8])
    /// Anything but exactly one value of RFC 8259.
    case notJSON
    /// A binary message whose bytes are no UTF-8. Text that is none never comes this far.
    case notUTF8
    /// What is settled when the connection opens, or when its token is renewed.
    case connection(ConnectionCondition)
}

/// What is looked for in text.
package struct TextPattern: Sendable, Hashable {
    /// RE2's syntax; where `isLiteral`, the bytes themselves. Never empty.
    package var expression: String
    package var isLiteral: Bool

    package init(_ expression: String, isLiteral: Bool = false) {
        self.expression = expression
        self.isLiteral = isLiteral
    }

    /// Exactly these bytes.
    package static func literal(_ text: String) -> TextPattern { TextPattern(text, isLiteral: true) }
}

/// What is demanded of a value in a JSON message.
package enum JSONDemand: Sendable, Hashable {
    package enum ValueType: String, Sendable, CaseIterable {
        case null
        case boolean
        case number
        /// A number without a fraction, however it is written.
        case integer
        case string
        case array
        case object
    }

    case equals(JSONScalar)
    /// One of them.
    case oneOf([JSONScalar])
    /// A string in which an expression of RE2's matches somewhere.
    case matches(String)
    /// Anything at all, null too.
    case exists
    case type(ValueType)
    /// A number above this one.
    case over(Number)
    /// A number below this one.
    case under(Number)

    package enum Number: Sendable, Hashable {
        case integer(Int64)
        /// Finite.
        case double(Double)
    }
}

/// What is demanded of a connection, its token or its request.
package enum ConnectionCondition: Sendable, Hashable {
    /// The token's subject, or whom an authorisation service has named.
    case subject(ValueDemand)
    /// The connection's token has this scope.
    case scope(String)
    /// A claim of the connection's token.
    case claim(JSONPointer, ValueDemand)
    /// The path of the request, as it went upstream.
    case path(ValueDemand)
    /// A parameter of the request's query, as it went upstream; of several with that name any.
    case query(String, ValueDemand)
}

/// What is demanded of a value that a connection has; never met where it has none.
package enum ValueDemand: Sendable, Hashable {
    case equals(JSONScalar)
    case oneOf([JSONScalar])
    /// A list that holds it.
    case contains(JSONScalar)
    /// A text in which an expression of RE2's matches somewhere.
    case matches(String)
    case exists
}
