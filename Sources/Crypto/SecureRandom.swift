internal import COpenSSL

/// Random bytes from OpenSSL's generator, which the kernel seeds.
package enum SecureRandom {
    package static func bytes(_ count: Int) -> [UInt8] {
        // Unsafe: `fill` writes all of the buffer that it is given.
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            unsafe fill(UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// Fills the whole buffer.
    ///
    /// Where the operating system has no randomness to give there is nothing left to do safely, and no peer can cause it: the
    /// process ends, rather than go on with a mask or a key that can be guessed.
    package static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guard buffer.count > 0, let start = buffer.baseAddress else { return }
        let base = unsafe start.assumingMemoryBound(to: UInt8.self)
        var done = 0
        while done < buffer.count {
            // OpenSSL counts in C's `int`.
            let part = min(buffer.count - done, 1 << 20)
            guard unsafe RAND_bytes(base + done, CInt(part)) == 1 else {
                fatalError("\(CryptoError.last("read random bytes"))")
            }
            done += part
        }
    }

    /// A value for Sec-WebSocket-Key (RFC 6455 section 4.1): 16 bytes in base64.
    package static func webSocketKey() -> String {
        webSocketKey(bytes(16))
    }

    /// The same of 16 bytes that have been drawn before.
    package static func webSocketKey(_ nonce: [UInt8]) -> String {
        Base64.encode(nonce)
    }

    /// A new token's `jti`: 128 bits in 32 hexadecimal digits, which a command line never takes for an option, as it would a
    /// base64url text that begins with `-`.
    package static func tokenID() -> String {
        bytes(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
