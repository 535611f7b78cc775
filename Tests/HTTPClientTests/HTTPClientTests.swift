import Foundation
import Locking
import Testing
import WebSocketProtocol

@testable import HTTPClient

/// A client on its thread, stopped with the test.
final class RunningClient: Sendable {
    let client: HTTPClient

    init(maximumAlive: Int = 8, maximumWaiting: Int = 8) throws {
        let client = try HTTPClient(maximumAlive: maximumAlive, maximumWaiting: maximumWaiting)
        self.client = client
        Thread.detachNewThread { client.run() }
    }

    deinit {
        client.stop()
    }

    func send(_ request: HTTPRequest) async -> Result<HTTPResponse, HTTPFailure> {
        await withCheckedContinuation { continuation in
            client.send(request) { continuation.resume(returning: $0) }
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct HTTPClientTests {
    private func failure(_ result: Result<HTTPResponse, HTTPFailure>) -> HTTPFailure? {
        if case .failure(let failure) = result { failure } else { nil }
    }

    @Test("status, fields and body of an answer, and what was asked")
    func get() async throws {
        let server = ScriptedServer { _ in .ok("hello", "Cache-Control: max-age=60\r\nX-Two: a\r\nX-Two: b\r\n") }
        defer { server.stop() }
        let running = try RunningClient()
        let request = HTTPRequest(
            .get, server.url("/keys?a=b"), headers: HeaderFields([HeaderField(name: "X-A", value: "1")]))
        let response = try await running.send(request).get()
        #expect(response.status == 200)
        #expect(response.body == Array("hello".utf8))
        #expect(response.headers.first("cache-control") == "max-age=60")
        #expect(response.headers.values("X-Two") == ["a", "b"])
        let received = try #require(server.requests.first)
        #expect(received.head.hasPrefix("GET /keys?a=b HTTP/1.1"))
        #expect(received.value("X-A") == "1")
        #expect(received.value("Host") == "127.0.0.1:\(server.port)")
        #expect(received.value("Cookie") == nil)
    }

    @Test("a POST carries its body as it is, also one with a zero in it, and no type that nobody has said")
    func post() async throws {
        let server = ScriptedServer { _ in .ok("", status: "204 No Content") }
        defer { server.stop() }
        let running = try RunningClient()
        let body = Array("a\0b".utf8)
        #expect(try await running.send(HTTPRequest(.post, server.url(), body: body)).get().status == 204)
        #expect(try await running.send(HTTPRequest(.post, server.url())).get().status == 204)
        #expect(server.requests.map(\.body) == ["a\0b", ""])
        #expect(server.requests.map { $0.value("Content-Length") } == ["3", "0"])
        #expect(server.requests.allSatisfy { $0.value("Content-Type") == nil && $0.value("Expect") == nil })
    }

    @Test("a HEAD has no body, whatever length is told")
    func head() async throws {
        let server = ScriptedServer { _ in .bytes("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n") }
        defer { server.stop() }
        let running = try RunningClient()
        let response = try await running.send(HTTPRequest(.head, server.url(), maximumBodyBytes: 10)).get()
        #expect(response.body.isEmpty)
        #expect(response.headers.first("Content-Length") == "1000000")
    }

    @Test("a connection is used again")
    func reuse() async throws {
        let server = ScriptedServer { .ok($0.path) }
        defer { server.stop() }
        let running = try RunningClient()
        for path in ["/1", "/2", "/3"] {
            #expect(try await running.send(HTTPRequest(.get, server.url(path))).get().body == Array(path.utf8))
        }
        #expect(Set(server.requests.map(\.connection)) == [1])
    }

    @Test("a redirect is an answer like any other, and a cookie is not kept")
    func redirect() async throws {
        let server = ScriptedServer { _ in
            .ok("", "Location: /elsewhere\r\nSet-Cookie: a=b\r\n", status: "302 Found")
        }
        defer { server.stop() }
        let running = try RunningClient()
        #expect(try await running.send(HTTPRequest(.get, server.url())).get().status == 302)
        #expect(try await running.send(HTTPRequest(.get, server.url())).get().headers.first("Location") == "/elsewhere")
        #expect(server.requests.map(\.path) == ["/", "/"])
        #expect(server.requests.allSatisfy { $0.value("Cookie") == nil })
    }

    @Test("an answer ends where it is larger than was asked for, whether its length was told or not")
    func tooLarge() async throws {
        let server = ScriptedServer { request in
            switch request.path {
            case "/exact": .ok(String(repeating: "x", count: 1000))
            case "/told": .ok(String(repeating: "x", count: 1001))
            case "/fields": .flood("HTTP/1.1 200 OK\r\n", Array("X-A: 1\r\n".utf8))
            default: .flood("HTTP/1.1 200 OK\r\n\r\n", [UInt8](repeating: 0x78, count: 100))
            }
        }
        defer { server.stop() }
        let running = try RunningClient()
        #expect(
            try await running.send(HTTPRequest(.get, server.url("/exact"), maximumBodyBytes: 1000)).get().body.count
                == 1000)
        for path in ["/told", "/untold", "/fields"] {
            let result = await running.send(HTTPRequest(.get, server.url(path), maximumBodyBytes: 1000))
            #expect(failure(result) == .answerTooLarge, "\(path)")
        }
    }

    @Test("a server that says nothing, and one that never ends, are given up in time")
    func deadline() async throws {
        let server = ScriptedServer { request in
            request.path == "/silent" ? .silence : .flood("HTTP/1.1 200 OK\r\n\r\n", [0x78])
        }
        defer { server.stop() }
        let running = try RunningClient()
        for path in ["/silent", "/endless"] {
            let request = HTTPRequest(.get, server.url(path), timeout: .milliseconds(100), maximumBodyBytes: .max)
            #expect(failure(await running.send(request)) == .timedOut, "\(path)")
        }
    }

    @Test("one that waits for a turn is given up in time as well, and the queue has an end")
    func queue() async throws {
        let server = ScriptedServer { _ in .silence }
        defer { server.stop() }
        let running = try RunningClient(maximumAlive: 1, maximumWaiting: 1)
        let failures = Lock<[HTTPFailure]>([])
        await withCheckedContinuation { continuation in
            let last = Lock(0)
            for _ in 0..<5 {
                running.client.send(HTTPRequest(.get, server.url(), timeout: .milliseconds(200))) { result in
                    if case .failure(let failure) = result { failures.withLock { $0.append(failure) } }
                    let count = last.withLock { count in
                        count += 1
                        return count
                    }
                    if count == 5 { continuation.resume() }
                }
            }
        }
        let all = failures.withLock { $0 }
        #expect(all.count == 5)
        #expect(all.filter { $0 == .overloaded }.count >= 2)
        #expect(all.allSatisfy { $0 == .overloaded || $0 == .timedOut })
        #expect(server.requests.count <= 1)
    }

    @Test(
        "what must not be sent is refused at once",
        arguments: [
            "ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1", "http://user:secret@127.0.0.1:1/",
            "http://127.0.0.1:1/\r\nX: y", "http://127.0.0.1:1/ b", "HTTPS://127.0.0.1:1/", "",
        ])
    func refusedURL(url: String) async throws {
        let running = try RunningClient()
        #expect(failure(await running.send(HTTPRequest(.get, url))) == .invalidRequest)
    }

    @Test("a field that would be two is refused", arguments: [("X", "a\r\nY: b"), ("X: y\r\nZ", "a"), ("", "a")])
    func refusedField(name: String, value: String) async throws {
        let running = try RunningClient()
        let request = HTTPRequest(
            .get, "http://127.0.0.1:1/", headers: HeaderFields([HeaderField(name: name, value: value)]))
        #expect(failure(await running.send(request)) == .invalidRequest)
    }

    @Test("nobody there, no HTTP, and no TLS are told apart")
    func broken() async throws {
        let server = ScriptedServer { _ in .last("SSH-2.0-what\r\n") }
        let running = try RunningClient()
        guard case .invalidAnswer? = failure(await running.send(HTTPRequest(.get, server.url()))) else {
            Issue.record("no HTTP")
            return
        }
        let secure = HTTPRequest(.get, "https://127.0.0.1:\(server.port)/")
        guard case .untrusted? = failure(await running.send(secure)) else {
            Issue.record("no TLS")
            return
        }
        server.stop()
        guard case .unreachable? = failure(await running.send(HTTPRequest(.get, "http://127.0.0.1:1/"))) else {
            Issue.record("nobody there")
            return
        }
    }

    @Test("stopping ends all, and what comes later is refused")
    func stop() async throws {
        let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
        let server = ScriptedServer { _ in
            arrival.yield()
            return .silence
        }
        defer { server.stop() }
        let running = try RunningClient(maximumAlive: 1)
        async let first = running.send(HTTPRequest(.get, server.url(), timeout: .seconds(50)))
        // One is on its way, and the other one waits for its turn.
        for await _ in arrived { break }
        async let second = running.send(HTTPRequest(.get, server.url(), timeout: .seconds(50)))
        running.client.stop()
        #expect(failure(await first) == .stopped)
        #expect(failure(await second) == .stopped)
        #expect(failure(await running.send(HTTPRequest(.get, server.url()))) == .stopped)
    }

    @Test("a client that never ran tells those that wait for it")
    func neverRun() async throws {
        let client = try HTTPClient()
        let result = await withCheckedContinuation { continuation in
            client.send(HTTPRequest(.get, "http://127.0.0.1:1/")) { continuation.resume(returning: $0) }
            client.stop()
        }
        #expect(failure(result) == .stopped)
        // Ends at once.
        client.run()
    }
}
