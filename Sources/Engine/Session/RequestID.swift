internal import Crypto

/// Names one connection in every log and in what the client is told.
enum RequestID {
    /// 128 random bits as hexadecimal digits.
    static func make() -> String {
        SecureRandom.bytes(16).reduce(into: "") { text, byte in
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
}
