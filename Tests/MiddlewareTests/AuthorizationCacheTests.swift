import PolicyModel
import Testing
import WebSocketProtocol

@testable import Middleware

private func grant(_ subject: String) throws -> AuthorizationGrant {
    let answer = AuthorizationAnswer(
        status: 200, headers: HeaderFields([HeaderField(name: "X-User", value: subject)]))
    var settings = authorizeSettings()
    settings.subjectHeader = "X-User"
    return try AuthorizationGrant(answer, settings)
}

@Suite struct AuthorizationCacheTests {
    @Test("a grant is good for its lifetime from the question on, and no longer")
    func lifetime() throws {
        let cache = AuthorizationCache(lifetime: 10)
        cache.remember(try grant("alice"), at: [1], asked: 5)
        #expect(cache.grant(at: [1], now: 14)?.subject == "alice")
        #expect(cache.grant(at: [1], now: 15) == nil)
        #expect(cache.grant(at: [2], now: 5) == nil)
    }

    @Test("the last answer counts, and what has ended makes room")
    func replaced() throws {
        let cache = AuthorizationCache(lifetime: 10)
        cache.remember(try grant("alice"), at: [1], asked: 0)
        cache.remember(try grant("bob"), at: [1], asked: 5)
        #expect(cache.held.entries == 1)
        // Where the first answer's place ends the second one's does not.
        cache.remember(try grant("carol"), at: [2], asked: 12)
        #expect(cache.grant(at: [1], now: 14)?.subject == "bob")
        cache.remember(try grant("carol"), at: [3], asked: 22)
        #expect(cache.held.entries == 1)
    }

    @Test("never more entries than the bound, and the oldest go first")
    func entries() throws {
        let cache = AuthorizationCache(lifetime: .max / 2, maximumEntries: 3)
        for place in 0..<5000 {
            cache.remember(try grant("alice"), at: [UInt8(place % 256), UInt8(place / 256)], asked: Int64(place))
            #expect(cache.held.entries <= 3)
        }
        #expect(cache.grant(at: [UInt8(4999 % 256), UInt8(4999 / 256)], now: 5000) != nil)
        #expect(cache.grant(at: [UInt8(4996 % 256), UInt8(4996 / 256)], now: 5000) == nil)
    }

    @Test("never more bytes than the bound; what would not fit at all is not remembered")
    func bytes() throws {
        let cache = AuthorizationCache(lifetime: 1000, maximumBytes: 1000)
        for place in 0..<10 {
            cache.remember(try grant(String(repeating: "a", count: 100)), at: [UInt8(place)], asked: 0)
            #expect(cache.held.bytes <= 1000)
        }
        #expect(cache.held.entries == 2)
        cache.remember(try grant(String(repeating: "a", count: 800)), at: [99], asked: 0)
        #expect(cache.grant(at: [99], now: 1) == nil && cache.held.entries == 2)
        cache.remember(try grant("a"), at: [99], asked: 2000)
        #expect(cache.held.entries == 1)
    }
}
