/// Why a handshake was refused: for a reason of the gateway's, or for one of a middleware that is no built-in. It is spelt the
/// same wherever it is told.
package enum RefusalCause: Sendable, Hashable {
    case builtin(RefusalReason)
    case custom(CustomReason)

    /// The one stable spelling.
    package var rawValue: String {
        switch self {
        case .builtin(let reason): reason.rawValue
        case .custom(let reason): reason.rawValue
        }
    }

    /// nil for a middleware's own.
    package var builtin: RefusalReason? {
        if case .builtin(let reason) = self { reason } else { nil }
    }
}

/// A reason that a middleware brings along, checked when the program starts.
package struct CustomReason: Sendable, Hashable {
    /// Lower case and hyphens, 64 bytes at most, and none of the gateway's own: `office-hours-closed`.
    package let rawValue: String
    /// From 400 to 599, and none whose answer needs a field that a middleware cannot give.
    package let status: Int
    /// One sentence for people, 200 bytes at most, without control characters.
    package let message: String

    /// What is wrong with one, as the rest of a sentence: "must be …".
    package struct Problem: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// `owner` is the name of the middleware, `office_hours`, with which its reasons begin: so no reason of the gateway's can
    /// be taken for it, and who reads a log knows where to look.
    package init(_ name: String, of owner: String, status: Int, message: String) throws(Problem) {
        let prefix = owner.utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
        guard name.utf8.count <= 64, Self.isKebabCase(name) else {
            throw Problem(description: "must be lower case words with hyphens between, 64 bytes at most")
        }
        guard name.utf8.elementsEqual(prefix) || name.utf8.starts(with: prefix + [UInt8(ascii: "-")]) else {
            throw Problem(
                description: "must begin with the middleware's name, `\(String(decoding: prefix, as: UTF8.self))`")
        }
        guard RefusalReason(rawValue: name) == nil, CloseReason(rawValue: name) == nil else {
            throw Problem(description: "must not be a reason of the gateway's own")
        }
        guard (400...599).contains(status), ![405, 407, 426].contains(status) else {
            throw Problem(
                description: "must have a status from 400 to 599, and not 405, 407 or 426, whose fields are not its own"
            )
        }
        guard (1...200).contains(message.utf8.count), message.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw Problem(description: "must have a message of 1 to 200 bytes without control characters")
        }
        rawValue = name
        self.status = status
        self.message = message
    }

    private static func isKebabCase(_ name: String) -> Bool {
        let words = name.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return words.allSatisfy { word in
            !word.isEmpty
                && word.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                    default: false
                    }
                }
        }
    }
}
