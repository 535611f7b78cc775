import PolicyModel

/// Paths, in the form in which requests are compared with them.
extension PolicyDecoder {
    /// A path that is normalised as RFC 3986 section 6.2.2 has it: what requests are brought to before they are routed.
    func path(_ node: YAMLNode, _ key: String) -> String? {
        word(node, key).flatMap { path($0, at: node, key) }
    }

    /// The same of a text that has been read.
    func path(_ text: String, at node: YAMLNode, _ key: String) -> String? {
        if let problem = URLPath.problem(text) {
            refuse(node.position, "`\(key)` \(problem)")
            return nil
        }
        return text
    }
}

enum URLPath {
    /// What keeps `text` from being a normalised path; nil where nothing does.
    static func problem(_ text: String) -> String? {
        guard text.utf8.first == UInt8(ascii: "/") else {
            let fixed = text.utf8.contains(UInt8(ascii: ":")) ? "" : "; write \(quoted("/" + text))"
            return "must begin with `/`, not be \(quoted(text))\(fixed)"
        }
        if text.utf8.contains(UInt8(ascii: "?")) {
            return "is compared without the query, so leave `?` and what follows it out"
        }
        if text.utf8.contains(UInt8(ascii: "#")) {
            return "is never sent with a fragment, so leave `#` and what follows it out"
        }
        if text.utf8.contains(UInt8(ascii: "*")), text.hasSuffix("/*") {
            return
                "has no wildcards; for everything below use `path_prefix: \(text.dropLast(2).isEmpty ? "/" : text.dropLast(2))`"
        }
        guard let normal = normalised(text) else {
            return "holds a percent-encoding that no request gets past the gateway with: \(quoted(text))"
        }
        let segments = normal.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if segments.contains(where: { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }) {
            return "must not have `.` or `..` segments: \(quoted(text))"
        }
        if normal != text { return "must be written as requests are compared: \(quoted(normal)), not \(quoted(text))" }
        return nil
    }

    /// Percent-encoded where it must be, in upper case, and not where it need not be; an encoded semicolon stays one. nil
    /// for broken encodings, and for encoded slashes, backslashes and controls, which requests are refused for.
    private static func normalised(_ text: String) -> String? {
        var result: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                if isPathCharacter(byte) { result.append(byte) } else { appendEncoded(byte, to: &result) }
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ isHexDigit($0) }),
                let value = UInt8(String(Substring(digits)), radix: 16),
                value >= 0x20, value != 0x7f, value != UInt8(ascii: "/"), value != UInt8(ascii: "\\")
            else { return nil }
            rest = rest.dropFirst(2)
            if isPathCharacter(value), value != UInt8(ascii: ";") {
                result.append(value)
            } else {
                appendEncoded(value, to: &result)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func appendEncoded(_ byte: UInt8, to result: inout [UInt8]) {
        let digits = Array("0123456789ABCDEF".utf8)
        result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// RFC 3986 section 2.3.
    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// RFC 3986 section 3.3: pchar and the slash.
    private static func isPathCharacter(_ byte: UInt8) -> Bool {
        isUnreserved(byte) || "/!$&'()*+,;=:@".utf8.contains(byte)
    }
}
