import ArgumentParser
import Engine
import PolicyModel
import Testing
import Tokens

@testable import Portcullis

@Suite struct ExplainOptionsTests {
    private func made(_ words: String...) throws -> MadeUpHandshake {
        try ExplainOptions.parse(words).handshake()
    }

    @Test(
        "a URL as a client would ask for it",
        arguments: [
            ("wss://a.example", "a.example", "/"), ("wss://a.example/x/../y?q", "a.example", "/x/../y?q"),
            ("WSS://a.example:443?q", "a.example", "/?q"), ("wss://[::1]:8443/x", "[::1]:8443", "/x"),
        ])
    func url(_ url: String, _ host: String, _ target: String) throws {
        let made = try made("--url", url)
        #expect(made.host == host && made.target == target)
    }

    @Test(
        "what is no such URL",
        arguments: ["ws://a.example/", "https://a.example/", "wss:///x", "wss://a@b/", "wss://a/#x", "a.example"])
    func wrong(_ url: String) {
        #expect(throws: (any Error).self) { try made("--url", url) }
    }

    @Test("all that can be said of a handshake")
    func all() throws {
        let made = try made(
            "--url", "wss://a.example/", "--listener", "l", "--ip", "2001:db8::1", "--origin", "https://a.example",
            "--header", "X-A:  b ", "--header", "Upgrade:", "--subprotocol", "s", "--method", "POST", "--claims",
            #"{"subject":"alice"}"#, "--certificate-subject", "CN=a", "--time", "2026-01-31T23:59:59Z", "--authorize",
            "200", "--authorize-header", "X-User: bob", "--first-message", "hi")
        #expect(made.listener == "l" && made.peer.description == "2001:db8::1" && made.method == "POST")
        #expect(made.headers.map(\.name) == ["X-A", "Upgrade", "Origin"])
        #expect(made.headers.map(\.value) == ["b", "", "https://a.example"])
        #expect(made.subprotocols == ["s"] && made.clientCertificate == "CN=a" && made.time == 1_769_903_999)
        #expect(made.authorization.first?.status == 200 && made.firstMessage == "hi")
        guard case .claims(let claims) = made.credential else {
            Issue.record("no claims")
            return
        }
        #expect(claims.subject == "alice")
    }

    @Test("messages of one side")
    func messages() throws {
        let options = try ExplainOptions.parse([
            "--url", "wss://a/", "--message", "a", "--message", "b", "--from", "upstream", "--binary",
        ])
        #expect(options.messages.map(\.payload) == [[97], [98]])
        #expect(options.messages.allSatisfy { $0.sender == .upstream && $0.isBinary })
    }

    @Test(
        "what cannot be said is refused, and the refusal says what can",
        arguments: [
            (["--authorize", "101"], "200 to 599"), (["--authorize", "600"], "200 to 599"),
            (["--from", "server"], "'client' and 'upstream'"),
            (["--header", "X"], "--header must look like 'Name: value'"),
            (["--authorize", "200", "--authorize-header", ": x"], "--authorize-header must look like 'Name: value'"),
        ])
    func refused(_ words: [String], _ reason: String) {
        do {
            _ = try ExplainOptions.parse(["--url", "wss://a/"] + words)
            Issue.record("it was taken")
        } catch {
            #expect(ExplainOptions.message(for: error).contains(reason))
        }
    }
}
