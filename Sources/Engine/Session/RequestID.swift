/// Names one connection in every log and in what the client is told.
enum RequestID {
    /// 128 random bits as hexadecimal digits.
    static func make(_ random: inout RandomPool) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = random.bytes(16).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}
