internal import COpenSSL

/// Base64 with padding (RFC 4648 section 4), by OpenSSL.
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String {
        var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        // Unsafe: writes four characters for each three bytes begun, and a zero. `bytes` are this project's own, and short.
        let length = unsafe EVP_EncodeBlock(&text, bytes, CInt(bytes.count))
        return String(decoding: text[..<Int(length)], as: UTF8.self)
    }
}
