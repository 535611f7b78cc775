internal import COpenSSL

/// Message digests.
package enum Digest {
    // Fetched once: a name would be looked up for each digest. Immutable, and OpenSSL counts references atomically.
    nonisolated(unsafe) private static let sha256Algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil)
    nonisolated(unsafe) private static let sha1Algorithm = unsafe EVP_MD_fetch(nil, "SHA1", nil)

    /// SHA-256 (FIPS 180-4): 32 bytes.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        // Unsafe: the algorithm is never freed.
        unsafe digest(bytes, by: sha256Algorithm, count: 32)
    }

    /// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 section 4.2.2). SHA-1 stands here because the RFC says so, and
    /// nothing rests on its strength.
    package static func webSocketAccept(forKey key: String) -> String {
        var text = Array(key.utf8)
        text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8
        // Unsafe: the algorithm is never freed.
        return unsafe Base64.encode(digest(text, by: sha1Algorithm, count: 20))
    }

    /// `count` is what the algorithm writes. Without memory, or without the algorithm, there is no digest to go on with, and
    /// no peer can cause it: the process ends, rather than take zeros for one.
    private static func digest(_ bytes: [UInt8], by algorithm: OpaquePointer?, count: Int) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: count)
        // Unsafe: reads all of `bytes`, writes `count`.
        guard unsafe EVP_Digest(bytes, bytes.count, &digest, nil, algorithm, nil) == 1 else {
            fatalError("\(CryptoError.last("make a digest"))")
        }
        return digest
    }

    /// Whether both are the same, in a time that depends on their lengths only.
    package static func equal(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        // Unsafe: reads `count` bytes of both.
        unsafe first.count == second.count && CRYPTO_memcmp(first, second, first.count) == 0
    }
}
