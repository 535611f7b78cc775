/// One entry of a route's `messages`.
package struct MessageRule: Sendable {
    package enum Source: String, Sendable, CaseIterable {
        case client
        case upstream
        case both
    }

    package var name: String
    /// Whose messages are looked at.
    package var from: Source
    package var condition: MessageCondition
    package var action: MessageAction
    package var mode: EnforcementMode
    package var position: SourcePosition

    package init(
        name: String, from: Source, condition: MessageCondition, action: MessageAction,
        mode: EnforcementMode = .enforce, position: SourcePosition
    ) {
        self.name = name
        self.from = from
        self.condition = condition
        self.action = action
        self.mode = mode
        self.position = position
    }
}

/// What a message must look like for a rule to act. Everything that is given must hold.
package struct MessageCondition: Sendable {
    package enum Opcode: String, Sendable, CaseIterable {
        case text
        case binary
    }

    package struct JSONTest: Sendable {
        /// RFC 6901. A key that stands twice in an object counts in each of its places.
        package var pointer: JSONPointer
        package var equals: JSONScalar

        package init(pointer: JSONPointer, equals: JSONScalar) {
            self.pointer = pointer
            self.equals = equals
        }
    }

    package var opcode: Opcode?
    /// More payload bytes than this.
    package var sizeOver: Int?
    /// Fewer payload bytes than this.
    package var sizeUnder: Int?
    /// A text message that holds this, byte for byte. Never empty.
    package var textContains: String?
    package var json: JSONTest?
    /// The connection's token has this scope.
    package var scope: String?
    /// The connection's token has not this scope, or there is no token.
    package var lacksScope: String?

    package init(
        opcode: Opcode? = nil, sizeOver: Int? = nil, sizeUnder: Int? = nil, textContains: String? = nil,
        json: JSONTest? = nil, scope: String? = nil, lacksScope: String? = nil
    ) {
        self.opcode = opcode
        self.sizeOver = sizeOver
        self.sizeUnder = sizeUnder
        self.textContains = textContains
        self.json = json
        self.scope = scope
        self.lacksScope = lacksScope
    }
}

/// What a rule does with a message that its condition describes.
package enum MessageAction: Sendable, Hashable {
    case drop
    /// Ends the connection; `reason` has at most 123 bytes of UTF-8.
    case close(code: UInt16, reason: String)
    /// Each place where `textContains` stands gets this in its stead; only beside a `textContains`.
    case replace(with: String)
}

/// A string, number, boolean or null, as a policy compares it.
package enum JSONScalar: Sendable, Hashable {
    case string(String)
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    case null
}

/// An RFC 6901 pointer, taken apart: `/a~1b/0` is `["a/b", "0"]`, the empty pointer is the whole document.
package struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    package var tokens: [String]

    /// nil where `text` is not a pointer: no slash in front, or a `~` that neither 0 nor 1 follows.
    package init?(_ text: String) {
        guard !text.isEmpty else {
            tokens = []
            return
        }
        // By code points, as RFC 6901 counts: to a Character, `/` and a combining mark are one.
        var scalars = text.unicodeScalars.makeIterator()
        guard scalars.next() == "/" else { return nil }
        var token = String.UnicodeScalarView()
        tokens = []
        while let scalar = scalars.next() {
            switch scalar {
            case "/":
                tokens.append(String(token))
                token = String.UnicodeScalarView()
            case "~":
                switch scalars.next() {
                case "0": token.append("~")
                case "1": token.append("/")
                default: return nil
                }
            default: token.append(scalar)
            }
        }
        tokens.append(String(token))
    }

    package var description: String {
        var text = String.UnicodeScalarView()
        for token in tokens {
            text.append("/")
            for scalar in token.unicodeScalars {
                switch scalar {
                case "~": text.append(contentsOf: "~0".unicodeScalars)
                case "/": text.append(contentsOf: "~1".unicodeScalars)
                default: text.append(scalar)
                }
            }
        }
        return String(text)
    }
}
