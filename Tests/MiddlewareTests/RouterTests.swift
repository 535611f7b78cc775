import PolicyModel
import Testing

@testable import Middleware

private func route(_ hosts: [String], _ path: RouteMatch.Path) -> RoutePolicy {
    RoutePolicy(name: "r", match: RouteMatch(hosts: hosts, path: path), upstream: "u", position: position)
}

@Suite struct RouterTests {
    private static let router = Router(routes: [
        route(["chat.example.com", "*.chat.example.com"], .exact("/chat")),  // 0
        route(["chat.example.com"], .prefix("/api")),  // 1
        route(["chat.example.com"], .prefix("/api/v2")),  // 2: never reached
        route(["*.example.com"], .prefix("/chat")),  // 3
        route([], .exact("/health")),  // 4
        route(["news.example.com"], .prefix("/")),  // 5
        route(["*.com"], .exact("/deep")),  // 6
        route([], .prefix("/any")),  // 7
    ])

    @Test(
        "the first route that matches wins",
        arguments: [
            ("chat.example.com", "/chat", 0), ("a.chat.example.com", "/chat", 0), ("a.b.chat.example.com", "/chat", 0),
            ("chat.example.com", "/chat/x", 3), ("chat.example.com", "/chatx", nil), ("chat.example.com", "/chat/", 3),
            ("chat.example.com", "/api", 1), ("chat.example.com", "/api/", 1), ("chat.example.com", "/api/v2/x", 1),
            ("chat.example.com", "/apix", nil), ("chat.example.com", "/API", nil), ("a.example.com", "/chat", 3),
            ("example.com", "/chat", nil), ("example.com.evil", "/chat", nil), ("evilexample.com", "/chat", nil),
            ("other.org", "/health", 4), ("news.example.com", "/health", 4), ("news.example.com", "/", 5),
            ("news.example.com", "/x/y", 5), ("news.example.com", "/chat", 3), ("x.y.z.com", "/deep", 6),
            ("com", "/deep", nil), ("", "/health", 4), ("other.org", "/any/thing", 7), ("other.org", "/anything", nil),
            ("other.org", "/", nil),
        ] as [(String, String, Int?)])
    func match(_ host: String, _ path: String, _ expected: Int?) {
        #expect(Self.router.route(host: host, path: path) == expected)
    }

    @Test("ten thousand routes, and a path of 16 KiB")
    func many() {
        let router = Router(
            routes: (0..<10_000).map { route(["h\($0).example.com"], .prefix("/p\($0)")) } + [route([], .prefix("/"))])
        let long = "/p7" + String(repeating: "/a", count: 8_000)
        #expect(router.route(host: "h7.example.com", path: long) == 7)
        #expect(router.route(host: "h8.example.com", path: long) == 10_000)
    }

    @Test("no routes at all")
    func empty() {
        #expect(Router(routes: []).route(host: "a", path: "/") == nil)
    }
}
