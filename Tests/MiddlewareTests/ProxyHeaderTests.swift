import PolicyModel
import Testing

@testable import Middleware

@Suite struct ProxyHeaderTests {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]

    /// A header of version 2 with what stands behind its signature and its length.
    private static func sealed(_ command: UInt8, _ family: UInt8, _ rest: [UInt8], length: Int? = nil) -> [UInt8] {
        let length = length ?? rest.count
        return signature + [command, family, UInt8(length >> 8), UInt8(length & 255)] + rest
    }

    private static let ipv4: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 1, 0xdb, 0xba, 0x20, 0xfb]
    private static let ipv6: [UInt8] = [0x20, 1, 0xd, 0xb8] + Array(repeating: 0, count: 11) + [7]

    private static func read(_ pieces: [[UInt8]]) -> String {
        var reader = ProxyHeaderReader()
        var before = 0
        do throws(ProxyHeaderError) {
            for piece in pieces {
                if let (header, consumed) = try reader.receive(piece.span) {
                    let end = before + consumed
                    guard case .source(let source) = header else { return "own, \(end)" }
                    return "\(source), \(end)"
                }
                before += piece.count
            }
            return "incomplete"
        } catch {
            return error.description
        }
    }

    @Test(
        "H41 version 1",
        arguments: [
            ("PROXY TCP4 192.0.2.1 198.51.100.1 56250 8443\r\n", "192.0.2.1:56250, 46"),
            ("PROXY TCP4 192.0.2.1 198.51.100.1 0 65535\r\nPROXY", "192.0.2.1:0, 43"),
            ("PROXY TCP6 2001:db8::7 ::1 1 2\r\n", "[2001:db8::7]:1, 32"),
            ("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1:1, 37"),
            ("PROXY UNKNOWN\r\n", "own, 15"),
            ("PROXY UNKNOWN ffff::1 whatever\r\n", "own, 32"),
            ("PROXY UNKNOWN" + String(repeating: " x", count: 46) + "\r\n", "own, 107"),
            ("PROXY TCP4 192.0.2.1 198.51.100.1 56250 8443\r", "incomplete"),
            ("PRO", "incomplete"),
            ("GET / HTTP/1.1\r\n", "the connection does not begin with a PROXY header"),
            ("\u{16}\u{3}\u{1}", "the connection does not begin with a PROXY header"),
            ("PROXX", "the connection does not begin with a PROXY header"),
            ("PROXY\r\n", "the connection does not begin with a PROXY header"),
            ("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n", "malformed PROXY header: its line does not end in CR LF"),
            ("PROXY UNKNOWN" + String(repeating: " x", count: 48), "malformed PROXY header: its line does not end"),
            ("PROXY \r\n", "malformed PROXY header: not a family, two addresses and two ports"),
            ("PROXY \n", "malformed PROXY header: its line does not end in CR LF"),
            ("PROXY TCP5 1.1.1.1 1.1.1.1 1 1\r\n", "malformed PROXY header: not a family, two addresses and two ports"),
            (
                "PROXY TCP4  1.1.1.1 1.1.1.1 1 1\r\n",
                "malformed PROXY header: not a family, two addresses and two ports"
            ),
            ("PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n", "malformed PROXY header: not a family, two addresses and two ports"),
            ("PROXY TCP4 ::1 ::1 1 1\r\n", "malformed PROXY header: not two addresses of its family"),
            ("PROXY TCP6 1.1.1.1 1.1.1.1 1 1\r\n", "malformed PROXY header: not two addresses of its family"),
            ("PROXY TCP4 1.1.1.01 1.1.1.1 1 1\r\n", "malformed PROXY header: not two addresses of its family"),
            ("PROXY TCP4 1.1.1.1 1.1.1 1 1\r\n", "malformed PROXY header: not two addresses of its family"),
            ("PROXY TCP4 1.1.1.1 1.1.1.1 01 1\r\n", "malformed PROXY header: not two ports"),
            ("PROXY TCP4 1.1.1.1 1.1.1.1 1 65536\r\n", "malformed PROXY header: not two ports"),
            ("PROXY TCP4 1.1.1.1 1.1.1.1 +1 1\r\n", "malformed PROXY header: not two ports"),
        ])
    func line(_ text: String, _ expected: String) {
        let bytes = Array(text.utf8)
        #expect(Self.read([bytes]) == expected)
        #expect(Self.read(bytes.map { [$0] }) == expected)
    }

    @Test(
        "H41 version 2",
        arguments: [
            (sealed(0x21, 0x11, ipv4), "192.0.2.1:56250, 28"),
            (sealed(0x21, 0x11, ipv4 + [4, 0, 1, 0]) + [22], "192.0.2.1:56250, 32"),
            (sealed(0x21, 0x21, ipv6 + ipv6 + [1, 2, 3, 4]), "[2001:db8::7]:258, 52"),
            (sealed(0x20, 0, []), "own, 16"),
            (sealed(0x20, 0x11, ipv4), "own, 28"),
            (sealed(0x21, 0, [1, 2, 3]), "own, 19"),
            (sealed(0x21, 0x31, Array(repeating: 0, count: 216)), "own, 232"),
            (sealed(0x21, 0x11, ipv4, length: 13), "incomplete"),
            (sealed(0x21, 0, [], length: 4080), "incomplete"),
            (sealed(0x21, 0, [], length: 4081), "the PROXY header is longer than 4096 bytes"),
            (sealed(0x21, 0, [], length: 65535), "the PROXY header is longer than 4096 bytes"),
            (sealed(0x11, 0x11, ipv4), "malformed PROXY header: version 1"),
            (sealed(0x22, 0x11, ipv4), "malformed PROXY header: command 2"),
            (sealed(0x21, 0x12, ipv4), "malformed PROXY header: family and protocol 18, which is no stream"),
            (sealed(0x21, 0x11, Array(ipv4.dropLast())), "malformed PROXY header: too short for its addresses"),
            (sealed(0x21, 0x21, ipv4), "malformed PROXY header: too short for its addresses"),
            ([13, 10, 13, 10, 1], "the connection does not begin with a PROXY header"),
        ])
    func binary(_ bytes: [UInt8], _ expected: String) {
        #expect(Self.read([bytes]) == expected)
        #expect(Self.read(bytes.map { [$0] }) == expected)
    }
}
