import Testing

@testable import WebSocketProtocol

@Suite struct ByteSetTests {
    @Test(
        "in a query only unreserved characters stand as they are",
        arguments: [
            ("", ""), ("aZ09-._~", "aZ09-._~"), ("a b", "a%20b"), ("ü/+&=?#%", "%C3%BC%2F%2B%26%3D%3F%23%25"),
            ("\u{0}\u{7f}", "%00%7F"),
        ])
    func percentEncoded(_ text: String, _ encoded: String) {
        #expect(text.percentEncoded == encoded)
    }
}
