internal import Crypto
internal import WebSocketProtocol

/// Random bytes in stock, so that a frame's masking key does not cost a call of OpenSSL.
///
/// RFC 6455 section 5.3: the key must not be predictable, so the stock comes from OpenSSL's generator, and each byte of it
/// is used once.
struct RandomPool: ~Copyable {
    private var stock = [UInt8](repeating: 0, count: RandomPool.size)
    private var used = RandomPool.size
    private static let size = 4096

    mutating func maskingKey() -> MaskingKey {
        if stock.count - used < 4 {
            // In place: a new array for every thousand keys would be an allocation on the way of a message.
            unsafe stock.withUnsafeMutableBytes { unsafe SecureRandom.fill($0) }
            used = 0
        }
        var bits: UInt32 = 0
        for index in used..<(used + 4) { bits = bits << 8 | UInt32(stock[index]) }
        used += 4
        return MaskingKey(bits: bits)
    }
}
