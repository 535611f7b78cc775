/// A form that a text has.
struct TextForm: Sendable {
    /// What it is called: "duration".
    let name: String
    /// What it looks like as far as a regular expression tells, in the syntax that ECMA-262, Python and RE2 share. The decoder
    /// may refuse more, and never less.
    let pattern: String?
    let examples: [String]

    static let name = TextForm(name: "name", pattern: "^[A-Za-z0-9._-]{1,64}$", examples: [])
    static let socketAddress = TextForm(
        name: "address and port", pattern: "^([0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]+$",
        examples: ["0.0.0.0:8443", "[::]:8443", "127.0.0.1:0"])
    static let block = TextForm(
        name: "address block", pattern: "^[0-9A-Fa-f:.]+(/[0-9]+)?$",
        examples: ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"])
    static let host = TextForm(
        name: "host", pattern: "^[^/*]*$|^\\*\\.[^/*]+$", examples: ["chat.example.com", "*.example.com"])
    static let path = TextForm(name: "path", pattern: "^/[^?#]*$", examples: ["/chat"])
    static let endpoint = TextForm(
        name: "ws:// URL", pattern: "^[Ww][Ss]://[^?#@]+$",
        examples: ["ws://127.0.0.1:9001", "ws://chat.internal/base"])
    static let serviceURL = TextForm(
        name: "http:// or https:// URL", pattern: "^[Hh][Tt][Tt][Pp][Ss]?://[^ #\\\\]+$",
        examples: ["https://auth.example.com/check"])
    static let origin = TextForm(
        name: "origin", pattern: "^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]+$",
        examples: ["https://app.example.com", "https://*.example.com", "http://localhost:3000"])
    static let file = TextForm(name: "file", pattern: "^[^\\x00-\\x1f\\x7f]+$", examples: [])
    static let headerName = TextForm(
        name: "header name", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", examples: ["X-Auth-Subject"])
    static let word = TextForm(name: "word", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", examples: [])
    static let queryParameter = TextForm(
        name: "query parameter", pattern: "^[A-Za-z0-9._~-]+$", examples: ["access_token"])
    static let scope = TextForm(name: "scope", pattern: "^[!#-\\[\\]-~]+$", examples: ["chat.read"])
    static let pointer = TextForm(
        name: "JSON pointer", pattern: "^(/([^~/]|~[01])*)*$", examples: ["/type", "/users/0/name"])
    static let pattern = TextForm(name: "RE2 pattern", pattern: nil, examples: ["(?i)buy now"])
    static let hexadecimal = TextForm(name: "bytes in hexadecimal", pattern: "^([0-9A-Fa-f]{2}){1,256}$", examples: [])
    static let rate = TextForm(
        name: "rate", pattern: "^[0-9]+/[0-9]+(ms|s|m|h|d)$", examples: ["10/1s", "100/1m"])
    static let byteRate = TextForm(
        name: "rate of bytes", pattern: "^[0-9]+(B|KiB|MiB|GiB)/[0-9]+(ms|s|m|h|d)$",
        examples: ["64KiB/1s", "10MiB/1m"])
    static let duration = TextForm(
        name: "duration", pattern: "^[0-9]+(ms|s|m|h|d)$", examples: ["250ms", "30s", "5m", "24h", "7d"])
    static let size = TextForm(name: "size", pattern: "^[0-9]+(B|KiB|MiB|GiB)$", examples: ["512B", "64KiB", "1MiB"])
    static let template = TextForm(
        name: "text with variables", pattern: nil, examples: ["${token.subject}", "${client.ip}"])
}
