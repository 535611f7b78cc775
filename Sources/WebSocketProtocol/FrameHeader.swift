/// The header of one frame (RFC 6455 5.2).
package struct FrameHeader: Sendable, Equatable {
    package var isFinal: Bool
    /// RSV1: the message is compressed (RFC 7692 6). Only on the first frame of a data message.
    package var isCompressed: Bool
    package var opcode: Opcode
    /// In bytes; not negative.
    package var payloadLength: Int
    /// What the payload is masked with; nil for an unmasked frame.
    package var maskingKey: MaskingKey?

    package init(
        isFinal: Bool = true, isCompressed: Bool = false, opcode: Opcode, payloadLength: Int,
        maskingKey: MaskingKey? = nil
    ) {
        self.isFinal = isFinal
        self.isCompressed = isCompressed
        self.opcode = opcode
        self.payloadLength = payloadLength
        self.maskingKey = maskingKey
    }

    /// Bytes that the longest header takes.
    package static let maximumEncodedLength = 14

    /// Bytes that `encode` writes: 2 to 14.
    package var encodedLength: Int {
        let lengthBytes = payloadLength < 126 ? 0 : payloadLength <= 0xffff ? 2 : 8
        return 2 + lengthBytes + (maskingKey == nil ? 0 : 4)
    }

    /// Writes the header with its length in the shortest form to the front of `target`, which must have room for
    /// `encodedLength` bytes; returns the bytes written.
    package func encode(into target: inout MutableSpan<UInt8>) -> Int {
        target[0] = (isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode.rawValue
        let maskBit: UInt8 = maskingKey == nil ? 0 : 0x80
        var count = 2
        if payloadLength < 126 {
            target[1] = maskBit | UInt8(truncatingIfNeeded: payloadLength)
        } else {
            let lengthBytes = payloadLength <= 0xffff ? 2 : 8
            target[1] = maskBit | (lengthBytes == 2 ? 126 : 127)
            for index in 0..<lengthBytes {
                target[2 + index] = UInt8(truncatingIfNeeded: payloadLength >> (8 * (lengthBytes - 1 - index)))
            }
            count += lengthBytes
        }
        if let maskingKey {
            for index in 0..<4 { target[count + index] = maskingKey.byte(at: index) }
            count += 4
        }
        return count
    }
}
