/// What a client did wrong before it had a WebSocket. The detail is a fixed English phrase, never the peer's text.
package enum HandshakeError: Error, Sendable, Equatable {
    /// Not a request that RFC 9112 allows, or one that two servers could read in two ways.
    case malformedRequest(String)
    /// A request for an upgrade that RFC 6455 4.2.1 does not allow.
    case malformedUpgrade(String)
    /// The head is over its limit of bytes or of fields.
    case headersTooLarge
    /// Not a request for an upgrade at all.
    case upgradeRequired
    /// RFC 6455 4.4: any version but 13.
    case versionUnsupported

    /// What is wrong, for whoever looks for a mistake of their own; a fixed English phrase.
    package var detail: String {
        switch self {
        case .malformedRequest(let detail), .malformedUpgrade(let detail): detail
        case .headersTooLarge: "the head is over its limit of bytes or of fields"
        case .upgradeRequired: "no Upgrade asks for a WebSocket"
        case .versionUnsupported: "Sec-WebSocket-Version is not 13"
        }
    }

    /// The status that answers it: the single place where errors of this target become HTTP.
    package var status: Int {
        switch self {
        case .malformedRequest, .malformedUpgrade: 400
        case .headersTooLarge: 431
        case .upgradeRequired, .versionUnsupported: 426
        }
    }
}
