/// What a peer did wrong after the handshake. The detail is a fixed English phrase, never the peer's text.
package enum FrameError: Error, Sendable, Equatable {
    case protocolViolation(String)
    /// A text message or a close reason that is not UTF-8.
    case invalidUTF8
    /// Over the limit of bytes or of fragments.
    case messageTooBig

    /// The code that its sender is told (RFC 6455 7.4.1): the single place where frame errors become close codes.
    package var closeCode: CloseCode {
        switch self {
        case .protocolViolation: .protocolError
        case .invalidUTF8: .invalidPayload
        case .messageTooBig: .messageTooBig
        }
    }
}
