internal import Crypto
internal import WebSocketProtocol

/// Random bytes in stock, so that neither a frame's masking key nor the numbers of a handshake cost a call of OpenSSL.
///
/// RFC 6455 section 5.3: the key must not be predictable, so the stock comes from OpenSSL's generator, and each byte of it
/// is used once.
struct RandomPool: ~Copyable {
    private var stock = [UInt8](repeating: 0, count: RandomPool.size)
    private var used = RandomPool.size
    private static let size = 4096

    mutating func maskingKey() -> MaskingKey {
        var bits: UInt32 = 0
        for index in take(4) { bits = bits << 8 | UInt32(stock[index]) }
        return MaskingKey(bits: bits)
    }

    /// `count` bytes, up to the size of the stock.
    mutating func bytes(_ count: Int) -> [UInt8] {
        Array(stock[take(count)])
    }

    /// Where bytes lie that nobody has had.
    private mutating func take(_ count: Int) -> Range<Int> {
        if stock.count - used < count {
            // In place: a new array for every thousand keys would be an allocation on the way of a message.
            unsafe stock.withUnsafeMutableBytes { unsafe SecureRandom.fill($0) }
            used = 0
        }
        used += count
        return (used - count)..<used
    }
}
