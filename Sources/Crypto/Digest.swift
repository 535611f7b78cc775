internal import COpenSSL

/// Message digests.
package enum Digest {
    /// SHA-256 (FIPS 180-4): 32 bytes.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        // Unsafe: reads `count` bytes, writes 32. `SHA256` cannot fail.
        _ = unsafe SHA256(bytes, bytes.count, &digest)
        return digest
    }

    /// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 section 4.2.2). SHA-1 stands here because the RFC says so, and
    /// nothing rests on its strength.
    package static func webSocketAccept(forKey key: String) -> String {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        // Unsafe: reads `count` bytes, writes 20. `SHA1` cannot fail.
        _ = unsafe SHA1(text, text.count, &digest)
        return Base64.encode(digest)
    }

    /// Whether both are the same, in a time that depends on their lengths only.
    package static func equal(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        // Unsafe: reads `count` bytes of both.
        unsafe first.count == second.count && CRYPTO_memcmp(first, second, first.count) == 0
    }
}
