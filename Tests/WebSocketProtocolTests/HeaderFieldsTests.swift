import Testing
import WebSocketProtocol

struct HeaderFieldsTests {
    @Test func `names are compared without case, and order is kept`() {
        var headers = HeaderFields([
            HeaderField(name: "Cookie", value: "a"), HeaderField(name: "Host", value: "h"),
            HeaderField(name: "COOKIE", value: "b"),
        ])
        #expect(headers.first("cookie") == "a")
        #expect(headers.values("cookie") == ["a", "b"])
        #expect(headers.contains("hOST"))
        #expect(!headers.contains("Hos"))
        #expect(headers.first("Absent") == nil)
        headers.set("cooKie", "c")
        #expect(headers.fields.map(\.name) == ["Host", "cooKie"])
        headers.add("Host", "i")
        headers.remove("HOST")
        #expect(headers.fields == [HeaderField(name: "cooKie", value: "c")])
    }

    @Test func `names are compared as bytes: a Kelvin sign is no K`() {
        let headers = HeaderFields([HeaderField(name: "\u{212a}ey", value: "x")])
        #expect(!headers.contains("Key"))
    }

    @Test(arguments: [
        (["a, b"], ["a", "b"]), ([" a ,\tb\t, ,,c"], ["a", "b", "c"]), (["a", "b , c"], ["a", "b", "c"]),
        ([""], []), ([" , "], []), (["a b"], ["a b"]),
    ])
    func `list values are split, trimmed, and empty ones left out`(values: [String], expected: [String]) {
        let headers = HeaderFields(values.map { HeaderField(name: "X", value: $0) })
        #expect(headers.listValues("x") == expected)
    }

    @Test("other spellings of a name go, the name itself stays in whatever case")
    func removeOtherSpellings() {
        let names = ["x-tenant", "X_Tenant", "X-TENANT", "X-Tenan", "x_tenant"]
        var headers = HeaderFields(names.map { HeaderField(name: $0, value: "1") })
        headers.removeOtherSpellings(of: "X-Tenant")
        #expect(headers.fields.map(\.name) == ["x-tenant", "X-TENANT", "X-Tenan"])
    }

    @Test(
        "H10 a name that CGI folds into the same variable is removed with it",
        arguments: ["X-Auth-Subject", "X_Auth_Subject", "x-auth_SUBJECT", "X_AUTH-SUBJECT"])
    func removeEquivalent(sent: String) {
        var headers = HeaderFields([
            HeaderField(name: sent, value: "admin"), HeaderField(name: "X-Auth-Subjects", value: "kept"),
            HeaderField(name: "XAuthSubject", value: "kept"),
        ])
        headers.removeEquivalent("X-Auth-Subject")
        #expect(headers.fields.map(\.value) == ["kept", "kept"])
    }

    @Test func `remove alone does not fold underscores`() {
        var headers = HeaderFields([HeaderField(name: "X_A", value: "1")])
        headers.remove("X-A")
        #expect(headers.fields.count == 1)
    }

    @Test func `every byte is judged as RFC 9110 says, in names and in values`() {
        let tokenPunctuation = Array("!#$%&'*+-.^_`|~".utf8)
        for byte in UInt8.min...0x7f {
            let text = String(UnicodeScalar(byte))
            let isAlphanumeric = ("a"..."z").contains(text) || ("A"..."Z").contains(text) || ("0"..."9").contains(text)
            #expect(HeaderFields.isValidName(text) == (isAlphanumeric || tokenPunctuation.contains(byte)))
            #expect(HeaderFields.isValidValue("a\(text)b") == (byte == 9 || byte >= 32 && byte != 127))
        }
        #expect(!HeaderFields.isValidName(""))
        #expect(!HeaderFields.isValidName("é"))
        #expect(HeaderFields.isValidValue(""))
        #expect(HeaderFields.isValidValue("é"))
        // One character to Swift, two bytes to a server.
        #expect(!HeaderFields.isValidValue("a\r\nb"))
    }
}
