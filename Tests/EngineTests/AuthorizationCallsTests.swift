import HTTPClient
import Locking
import Logging
import Middleware
import Testing
import WebSocketProtocol

@testable import Engine

/// Keeps what is logged.
private struct KeptLog: LogHandler {
    final class Lines: Sendable {
        private let lines = Lock<[String]>([])

        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.add("\(event.level) \(event.message) \(event.metadata ?? [:])")
    }
}

@Suite struct AuthorizationCallsTests {
    /// Of a client that was stopped: every question fails at once.
    private func calls(_ lines: KeptLog.Lines) throws -> AuthorizationCalls {
        let client = try HTTPClient()
        client.stop()
        return calls(client, lines)
    }

    private func calls(_ client: HTTPClient, _ lines: KeptLog.Lines) -> AuthorizationCalls {
        AuthorizationCalls(
            client: client, resolve: { "/root/\($0)" },
            logger: Logger(label: "test") { _ in KeptLog(lines: lines) })
    }

    private func request(_ url: String) -> AuthorizationRequest {
        AuthorizationRequest(url: url, headers: HeaderFields(), timeout: .seconds(1), authority: nil)
    }

    @Test("a call that fails is no answer, and is told of a service once in a while, without its query")
    func failures() throws {
        let lines = KeptLog.Lines()
        let calls = try calls(lines)
        let answers = Lock<[AuthorizationAnswer?]>([])
        for url in ["http://a.example/check?key=s3cret", "http://a.example/check?key=other", "http://b.example/"] {
            calls.ask(request(url)) { answer in answers.withLock { $0.append(answer) } }
        }
        #expect(answers.withLock { $0 } == [nil, nil, nil])
        #expect(lines.all.count == 2)
        #expect(lines.all.allSatisfy { $0.contains("handshakes are refused") && !$0.contains("s3cret") })
        #expect(lines.all.first?.contains("http://a.example/check") == true)
    }

    @Test("one service has so many calls and no more, another has its own; each is answered once")
    func turns() throws {
        // Nothing runs it: what is sent waits until it is stopped.
        let client = try HTTPClient()
        let calls = calls(client, KeptLog.Lines())
        let answers = Lock<[Int: Int]>([:])
        let room = AuthorizationCalls.maximumAlive + AuthorizationCalls.maximumWaiting
        for number in 0...room {
            calls.ask(request("http://a.example/")) { _ in answers.withLock { $0[number, default: 0] += 1 } }
        }
        #expect(answers.withLock { $0 } == [room: 1])
        calls.ask(request("http://b.example/")) { _ in answers.withLock { $0[-1, default: 0] += 1 } }
        #expect(answers.withLock { $0[-1] } == nil)
        client.stop()
        #expect(answers.withLock { $0.count } == room + 2)
        #expect(answers.withLock { $0.values.allSatisfy { $0 == 1 } })
    }

    @Test("digests are of 32 bytes")
    func digest() throws {
        let calls = try calls(KeptLog.Lines())
        #expect(calls.digest([1]).count == 32)
        #expect(calls.digest([1]) != calls.digest([2]))
    }
}
