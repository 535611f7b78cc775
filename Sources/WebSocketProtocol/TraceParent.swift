/// Where a request stands in a distributed trace: the field `traceparent` (W3C Trace Context, section 3.2).
package struct TraceParent: Sendable, Hashable {
    /// 32 lower-case hexadecimal digits, not all of them 0.
    package let traceID: String

    /// Reads a field's value; nil for one that section 3.2.2 calls invalid. Of a version that is not known, what has the form of
    /// version 00 counts, whatever follows it.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            [bytes[0..<2], bytes[3..<35], bytes[36..<52], bytes[53..<55]].allSatisfy({ $0.allSatisfy(Self.isDigit) }),
            bytes[3..<35].contains(where: { $0 != UInt8(ascii: "0") }),
            bytes[36..<52].contains(where: { $0 != UInt8(ascii: "0") })
        else { return nil }
        let version = bytes[0..<2]
        guard !version.elementsEqual("ff".utf8) else { return nil }
        guard bytes.count == 55 || (!version.elementsEqual("00".utf8) && bytes[55] == dash) else { return nil }
        traceID = String(decoding: bytes[3..<35], as: UTF8.self)
    }

    /// That of a request, which has it once; nil for one without, or with an invalid one.
    package init?(of headers: HeaderFields) {
        let values = headers.values("traceparent")
        guard values.count == 1 else { return nil }
        self.init(values[0])
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
