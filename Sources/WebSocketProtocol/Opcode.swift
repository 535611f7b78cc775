/// What a frame is (RFC 6455 5.2). Reserved values have no case: a frame with one is refused.
package enum Opcode: UInt8, Sendable {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    /// RFC 6455 5.5: control frames are never fragmented and hold 125 bytes at most.
    package var isControl: Bool { rawValue & 8 != 0 }
}
