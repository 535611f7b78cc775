import PolicyModel
import Testing

@testable import Middleware

private let settings = OriginSettings(allow: [
    .init(scheme: "https", host: "app.example.com", port: 443),
    .init(scheme: "https", host: "example.com", port: 443, matchesSubdomains: true),
    .init(scheme: "http", host: "localhost", port: 3000),
    .init(scheme: "https", host: "::1", port: 8443),
    .init(scheme: "https", host: "[2001:db8::1]", port: 443),
])

@Suite struct OriginCheckTests {
    @Test(
        "H34 origins that are allowed",
        arguments: [
            "https://app.example.com", "https://app.example.com:443", "HTTPS://App.Example.COM",
            "https://a.example.com",
            "https://a.b.example.com", "http://localhost:3000", "https://[::1]:8443",
            "https://[2001:db8::1]",
        ])
    func allowed(_ origin: String) throws {
        #expect(chain(.origin(settings)).admit(try context("/chat", [("Origin", origin)])).reason == nil)
    }

    @Test(
        "H34 origins that are not",
        arguments: [
            "https://example.com", "https://app.example.com.evil.org", "https://a.b.example.com.evil",
            "https://evilexample.com", "https://.example.com", "https://a..example.com", "null", "",
            "http://app.example.com", "https://app.example.com:8443", "wss://app.example.com", "https://localhost:3000",
            "http://localhost", "https://app.example.com/", "https://app.example.com#", "https://app.example.com?",
            "https://app.example.com.", "https://app.example.com:0443", "https://app.example.com:",
            "https://app.example.com:65979", "https://user@app.example.com", "https:/app.example.com",
            "https:app.example.com", "//app.example.com", "app.example.com", "https://app.example.com https://evil.org",
            "https://app.example.com,https://app.example.com", " ", "https://", "https://[::1",
            "https://app.example.com\t",
            "https://xn--n3h.exämple.com", "https://app%2eexample.com", "https://app.example.com\\.evil.org", "*",
            "https://*.example.com", "https://\u{212A}.example.com",
        ])
    func denied(_ origin: String) throws {
        #expect(chain(.origin(settings)).admit(try context("/chat", [("Origin", origin)])).reason == .originDenied)
    }

    @Test("without Origin: the policy's word counts")
    func missing() throws {
        #expect(chain(.origin(settings)).admit(try context()).reason == .originMissing)
        var lenient = settings
        lenient.admitsMissing = true
        #expect(chain(.origin(lenient)).admit(try context()).reason == nil)
        #expect(
            chain(.origin(lenient)).admit(try context("/chat", [("Origin", "https://evil.org")])).reason
                == .originDenied)
    }
}
