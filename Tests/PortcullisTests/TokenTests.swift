import Portcullis
import Testing
import Tokens

@Suite struct TokenTests {
    @Test("claims of every kind come back as they are")
    func claims() {
        let claims: [String: JSONValue] = [
            "s": .string("a"), "i": .integer(7), "d": .double(0.5), "b": .boolean(true), "n": .null,
            "a": .array([.integer(1), .null]), "o": .object(["k": .string("v")]),
        ]
        let token = Token(subject: "alice", id: "t", issuer: "local", audiences: ["x"], scopes: ["r"], claims: claims)
        for (name, value) in claims { #expect(token.claim(name) == value) }
        #expect(token.claim("other") == nil)
        #expect(token.claim("sub") == .string("alice") && token.claim("aud") == .string("x"))
        #expect(token.subject == "alice" && token.id == "t" && token.issuer == "local")
        #expect(token.audiences == ["x"] && token.scopes == ["r"] && token.expiresAt == .max)
    }
}
