/// A frame, written and read without the product's code.
struct TestFrame: Equatable, CustomStringConvertible {
    var isFinal = true
    var opcode: UInt8
    var payload: [UInt8]
    /// nil for an unmasked frame.
    var key: [UInt8]?
    /// RSV1.
    var isCompressed = false

    static func text(_ text: String, isFinal: Bool = true, key: [UInt8]? = nil) -> TestFrame {
        TestFrame(isFinal: isFinal, opcode: 1, payload: Array(text.utf8), key: key)
    }

    static func binary(_ payload: [UInt8], isFinal: Bool = true, key: [UInt8]? = nil) -> TestFrame {
        TestFrame(isFinal: isFinal, opcode: 2, payload: payload, key: key)
    }

    static func continuation(_ payload: [UInt8], isFinal: Bool = true, key: [UInt8]? = nil) -> TestFrame {
        TestFrame(isFinal: isFinal, opcode: 0, payload: payload, key: key)
    }

    static func close(_ code: UInt16?, _ reason: String = "", key: [UInt8]? = nil) -> TestFrame {
        let head = code.map { [UInt8($0 >> 8), UInt8($0 & 255)] } ?? []
        return TestFrame(opcode: 8, payload: head + Array(reason.utf8), key: key)
    }

    static func ping(_ payload: [UInt8], key: [UInt8]? = nil) -> TestFrame {
        TestFrame(opcode: 9, payload: payload, key: key)
    }

    static func pong(_ payload: [UInt8], key: [UInt8]? = nil) -> TestFrame {
        TestFrame(opcode: 10, payload: payload, key: key)
    }

    var description: String {
        "\(isFinal ? "final" : "part")\(isCompressed ? " compressed" : "") \(opcode) \(payload.count) bytes"
            + (payload.count <= 125 ? " \(payload)" : "") + (key.map { " key \($0)" } ?? "")
    }

    /// The frame without its mask.
    var unmasked: TestFrame {
        var frame = self
        frame.key = nil
        return frame
    }

    /// The frame under the key of RFC 6455 section 5.7.
    var masked: TestFrame {
        var frame = self
        frame.key = [0x37, 0xfa, 0x21, 0x3d]
        return frame
    }

    /// As it is sent.
    var bytes: [UInt8] {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0) | opcode]
        let mask: UInt8 = key == nil ? 0 : 0x80
        let count = payload.count
        if count < 126 {
            bytes.append(mask | UInt8(count))
        } else if count <= 0xffff {
            bytes += [mask | 126, UInt8(count >> 8), UInt8(count & 255)]
        } else {
            bytes.append(mask | 127)
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * (7 - $0))) }
        }
        guard let key else { return bytes + payload }
        return bytes + key + payload.enumerated().map { $1 ^ key[$0 % 4] }
    }

    /// All frames in `bytes`; nil where these are not whole frames.
    static func all(in bytes: [UInt8]) -> [TestFrame]? {
        var frames: [TestFrame] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard rest.count >= 2 else { return nil }
            let (first, second) = (rest[rest.startIndex], rest[rest.startIndex + 1])
            rest = rest.dropFirst(2)
            var length = Int(second & 0x7f)
            if length >= 126 {
                let count = length == 126 ? 2 : 8
                guard rest.count >= count else { return nil }
                length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(count)
            }
            var key: [UInt8]?
            if second & 0x80 != 0 {
                guard rest.count >= 4 else { return nil }
                key = Array(rest.prefix(4))
                rest = rest.dropFirst(4)
            }
            guard rest.count >= length else { return nil }
            let payload = rest.prefix(length).enumerated().map { $1 ^ (key?[$0 % 4] ?? 0) }
            rest = rest.dropFirst(length)
            frames.append(
                TestFrame(
                    isFinal: first & 0x80 != 0, opcode: first & 15, payload: payload, key: key,
                    isCompressed: first & 0x40 != 0))
        }
        return frames
    }
}

/// Random numbers that are the same in every run (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
