import Foundation
import HTTPClient
import Locking
import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Engine

/// Public keys in the form of a set, without cryptography: the points are those of RFC 7515 and RFC 8037.
private enum Example {
    static let es =
        #"{"kty":"EC","crv":"P-256","kid":"es","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#
    static let ed = #"{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    static let offCurve =
        #"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}"#

    static func set(_ keys: String...) -> String { #"{"keys":[\#(keys.joined(separator: ","))]}"# }
}

/// Notes what is to be fetched.
private final class Fetches: Sendable {
    let requests = Lock<[HTTPRequest]>([])

    func ring(_ source: JWTSettings.KeySource, after before: KeyRing? = nil) -> KeyRing {
        KeyRing(issuer: "corporate", source: source, after: before) { _, request in
            self.requests.withLock { $0.append(request) }
        }
    }
}

private let second: Nanoseconds = 1_000_000_000
private let service = JWTSettings.KeyService(
    url: "https://id.example.com/keys", refresh: .seconds(600), timeout: .seconds(2), authority: "/ca.pem")

private func answer(_ body: String, status: Int = 200, _ fields: [HeaderField] = []) -> Result<
    HTTPResponse, HTTPFailure
> {
    .success(HTTPResponse(status: status, headers: HeaderFields(fields), body: Array(body.utf8)))
}

@Suite struct KeyRingTests {
    private let fetches = Fetches()

    @Test("keys are fetched as the policy says, and all who wait are told")
    func fetched() {
        let ring = fetches.ring(.url(service))
        ring.fetchIfDue(now: 0)
        ring.fetchIfDue(now: 1)
        let request = fetches.requests.withLock { $0 }.first
        #expect(fetches.requests.withLock { $0.count } == 1)
        #expect(request?.url == service.url && request?.timeout == .seconds(2) && request?.authorityFile == "/ca.pem")
        #expect(request?.maximumBodyBytes == JWKSet.maximumBytes)
        let told = Lock(0)
        #expect(ring.learn() === ring.refresh)
        ring.learn()?.whenDone { told.withLock { $0 += 1 } }
        let outcome = ring.receive(answer(Example.set(Example.es, Example.offCurve)), unixSeconds: 0, now: 0)
        #expect(outcome == .changed(count: 1, skipped: 1, gone: []))
        #expect(told.withLock { $0 } == 1)
        #expect(ring.refresh == nil)
        // Without a word of its own, the answer is good for as long as the policy says.
        ring.fetchIfDue(now: 479 * second)
        #expect(fetches.requests.withLock { $0.count } == 1)
        ring.fetchIfDue(now: 480 * second)
        #expect(fetches.requests.withLock { $0.count } == 2)
    }

    @Test("the answer says for how long it is good")
    func lifetime() {
        let ring = fetches.ring(.url(service))
        ring.fetchIfDue(now: 0)
        let field = HeaderField(name: "Cache-Control", value: "max-age=100")
        _ = ring.receive(answer(Example.set(Example.es), [field]), unixSeconds: 0, now: 0)
        ring.fetchIfDue(now: 79 * second)
        #expect(ring.refresh == nil)
        ring.fetchIfDue(now: 80 * second)
        #expect(ring.refresh != nil)
    }

    @Test("keys that go are told, and what breaks changes nothing and is news once")
    func changes() {
        let ring = fetches.ring(.url(service))
        func receive(_ result: Result<HTTPResponse, HTTPFailure>) -> KeyRing.Outcome {
            ring.receive(result, unixSeconds: 0, now: 0)
        }
        #expect(receive(.failure(.timedOut)) == .failed("no answer in time", isNews: true))
        #expect(ring.keys.isEmpty)
        #expect(receive(answer(Example.set(Example.es, Example.ed))) == .changed(count: 2, skipped: 0, gone: []))
        #expect(receive(answer(Example.set(Example.es, Example.ed))) == .unchanged(recovered: false))
        #expect(receive(.failure(.timedOut)) == .failed("no answer in time", isNews: true))
        #expect(receive(.failure(.timedOut)) == .failed("no answer in time", isNews: false))
        #expect(receive(answer("{", status: 301)) == .failed("the answer has status 301", isNews: true))
        #expect(receive(answer("{")) == .failed("it is not a JSON Web Key Set (RFC 7517)", isNews: true))
        #expect(
            receive(answer(Example.set(Example.offCurve)))
                == .failed("none of its keys can check a token", isNews: true))
        #expect(!ring.keys.isEmpty)
        #expect(receive(answer(Example.set(Example.es, Example.ed))) == .unchanged(recovered: true))
        #expect(receive(answer(Example.set(Example.ed))) == .changed(count: 1, skipped: 0, gone: ["corporate/es"]))
    }

    @Test("keys go on where they come from the same place, whatever else has changed")
    func succession() {
        let ring = fetches.ring(.url(service))
        _ = ring.receive(answer(Example.set(Example.es)), unixSeconds: 0, now: 0)
        var changed = service
        changed.refresh = .seconds(60)
        let next = fetches.ring(.url(changed), after: ring)
        #expect(next.keys === ring.keys)
        #expect(next.receive(answer(Example.set(Example.es)), unixSeconds: 0, now: 0) == .unchanged(recovered: false))
        changed.url = "https://other.example.com/keys"
        #expect(fetches.ring(.url(changed), after: ring).keys.isEmpty)
        changed = service
        changed.authority = nil
        #expect(fetches.ring(.url(changed), after: ring).keys.isEmpty)
        #expect(fetches.ring(.file("/jwks.json"), after: ring).keys.isEmpty)
    }

    @Test("a late answer to the ring of the policy before brings no withdrawn keys back")
    func late() {
        let (both, rest) = (Example.set(Example.es, Example.ed), Example.set(Example.ed))
        let ring = fetches.ring(.url(service))
        ring.fetchIfDue(now: 0)
        var changed = service
        changed.refresh = .seconds(60)
        let next = fetches.ring(.url(changed), after: ring)
        next.fetchIfDue(now: 0)
        #expect(next.receive(answer(rest), unixSeconds: 0, now: 0) == .changed(count: 1, skipped: 0, gone: []))
        let told = Lock(0)
        ring.refresh?.whenDone { told.withLock { $0 += 1 } }
        #expect(ring.receive(answer(both), unixSeconds: 0, now: 0) == .unchanged(recovered: false))
        #expect(told.withLock { $0 } == 1)
        #expect(next.keys.replace([]) == ["corporate/ed"])
    }

    @Test("what has come is compared with the keys that are there, whichever ring has read them")
    func comparison() {
        let (both, rest) = (Example.set(Example.es, Example.ed), Example.set(Example.ed))
        let ring = fetches.ring(.url(service))
        ring.fetchIfDue(now: 0)
        _ = ring.receive(answer(rest), unixSeconds: 0, now: 0)
        ring.fetchIfDue(now: 480 * second)
        var changed = service
        changed.refresh = .seconds(60)
        let next = fetches.ring(.url(changed), after: ring)
        // In time, as the next ring has read nothing yet.
        #expect(ring.receive(answer(both), unixSeconds: 0, now: 0) == .changed(count: 2, skipped: 0, gone: []))
        next.fetchIfDue(now: 480 * second)
        let outcome = next.receive(answer(rest), unixSeconds: 0, now: 0)
        #expect(outcome == .changed(count: 1, skipped: 0, gone: ["corporate/es"]))
    }

    @Test("a file is read when it has changed")
    func file() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("KeyRing-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("jwks.json").path
        func write(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }
        let ring = fetches.ring(.file(path))
        // So long after it was written that its time tells one state of it from another.
        let later = SystemClock.unixSeconds() + 100
        #expect(ring.readFile(unixSeconds: later) == .failed("read: No such file or directory", isNews: true))
        try write(Example.set(Example.es))
        #expect(ring.readFile(unixSeconds: later) == .changed(count: 1, skipped: 0, gone: []))
        #expect(ring.readFile(unixSeconds: later) == nil)
        try write("{")
        #expect(ring.readFile(unixSeconds: later) == .failed("it is not a JSON Web Key Set (RFC 7517)", isNews: true))
        try write(Example.set(Example.ed))
        #expect(ring.readFile(unixSeconds: later) == .changed(count: 1, skipped: 0, gone: ["corporate/es"]))
        // One that was written just now is read again, as its time may not tell.
        try write(Example.set(Example.es))
        _ = ring.readFile(unixSeconds: 0)
        #expect(ring.readFile(unixSeconds: 0) == .unchanged(recovered: false))
        // Who may write a file may say of any time that it was then.
        let longAgo = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: -1000)]
        try FileManager.default.setAttributes(longAgo, ofItemAtPath: path)
        #expect(ring.readFile(unixSeconds: .max) == .unchanged(recovered: false))
        try FileManager.default.removeItem(atPath: path)
        #expect(ring.readFile(unixSeconds: later) == .failed("read: No such file or directory", isNews: true))
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(ring.readFile(unixSeconds: later) == .failed("it is not a file", isNews: true))
        #expect(ring.learn() == nil)
    }
}
