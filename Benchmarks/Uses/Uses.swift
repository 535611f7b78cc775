import Foundation
import TokenStore

/// Measures what it takes to count one use of a token, durably, and to remove one portion of what has expired. Takes a state
/// folder, which it fills with a token of its own. Prints one line of JSON; wall-clock times, since the disk is most of them.
@main
struct Uses {
    static let count = 2000
    static let portions = 100
    static let portion = 200

    static func main() throws {
        guard CommandLine.arguments.count == 2 else {
            print("usage: uses STATE-FOLDER")
            exit(64)
        }
        let store = try TokenStore(stateDirectory: CommandLine.arguments[1])
        let now = Int64(Date().timeIntervalSince1970)
        let id = UUID().uuidString
        try store.record(
            TokenRecord(
                id: id, subject: "uses", audiences: [], scopes: [], issuedAt: now, notBefore: now,
                expiresAt: now + 3600, usesLimit: Int64(count)))
        let admitted = try times(count) {
            guard try store.use(id: id, limit: Int64(count), now: now) == .admitted else { throw CancellationError() }
        }
        let exhausted = try times(count) { _ = try store.use(id: id, limit: Int64(count), now: now) }
        let pruned = try times(portions) { _ = try store.prune(now: now, limit: portion) }
        print(
            "{\"admitted_us\": \(figures(admitted)), \"exhausted_us\": \(figures(exhausted)), "
                + "\"pruned_\(portion)_us\": \(figures(pruned))}")
    }

    /// Of each call, sorted.
    private static func times(_ count: Int, _ body: () throws -> Void) throws -> [Duration] {
        let clock = ContinuousClock()
        return try (0..<count).map { _ in try clock.measure(body) }.sorted()
    }

    private static func figures(_ sorted: [Duration]) -> String {
        let figures = [("p50", 50), ("p99", 99), ("max", 100)].map { name, percent in
            let duration = sorted[min(sorted.count - 1, sorted.count * percent / 100)]
            return "\"\(name)\": \(Int(duration / .microseconds(1)))"
        }
        return "{" + figures.joined(separator: ", ") + "}"
    }
}
