import Testing
import Tokens

@testable import Engine

@Suite struct MadeUpClaimsJSONTests {
    private func claims(_ text: String) throws -> MadeUpClaims {
        guard case .object(let members)? = JSON.decode(Array(text.utf8)) else {
            throw RehearsalError(description: text)
        }
        return try MadeUpClaims(members)
    }

    @Test("claims as a person writes them")
    func read() throws {
        let claims = try claims(
            #"{"subject":"alice","issuer":"corporate","audience":"chat","scopes":"a b","expires_in":60,"plan":"pro"}"#)
        #expect(claims.subject == "alice" && claims.issuer == "corporate" && claims.audience == ["chat"])
        #expect(claims.scopes == ["a", "b"] && claims.expiresIn == 60 && claims.other == ["plan": .string("pro")])
        #expect(try self.claims(#"{"scopes":["a b","c"],"audience":["x","y"]}"#).scopes == ["a b", "c"])
        #expect(try self.claims("{}").subject == "rehearsal")
    }

    @Test(
        "what cannot be read",
        arguments: [
            (#"{"subject":1}"#, "`subject` must be a text"), (#"{"issuer":null}"#, "`issuer` must be a text"),
            (#"{"audience":{}}"#, "`audience` must be a text, or an array of texts"),
            (#"{"scopes":[1]}"#, "`scopes` must be a text"),
            (#"{"expires_in":"1h"}"#, "`expires_in` must be a whole number of seconds"),
        ])
    func refused(_ text: String, _ message: String) {
        #expect(throws: RehearsalError(description: message)) { try claims(text) }
    }
}
