/// An RFC 6901 pointer, taken apart: `/a~1b/0` is `["a/b", "0"]`, the empty pointer is the whole document.
package struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
    package var tokens: [String]

    /// Of tokens without escapes.
    package init(tokens: [String]) {
        self.tokens = tokens
    }

    /// nil where `text` is not a pointer: no slash in front, or a `~` that neither 0 nor 1 follows.
    package init?(_ text: String) {
        guard !text.isEmpty else {
            tokens = []
            return
        }
        // By code points, as RFC 6901 counts: to a Character, `/` and a combining mark are one.
        var scalars = text.unicodeScalars.makeIterator()
        guard scalars.next() == "/" else { return nil }
        var token = String.UnicodeScalarView()
        tokens = []
        while let scalar = scalars.next() {
            switch scalar {
            case "/":
                tokens.append(String(token))
                token = String.UnicodeScalarView()
            case "~":
                switch scalars.next() {
                case "0": token.append("~")
                case "1": token.append("/")
                default: return nil
                }
            default: token.append(scalar)
            }
        }
        tokens.append(String(token))
    }

    package var description: String {
        var text = String.UnicodeScalarView()
        for token in tokens {
            text.append("/")
            for scalar in token.unicodeScalars {
                switch scalar {
                case "~": text.append(contentsOf: "~0".unicodeScalars)
                case "/": text.append(contentsOf: "~1".unicodeScalars)
                default: text.append(scalar)
                }
            }
        }
        return String(text)
    }
}
