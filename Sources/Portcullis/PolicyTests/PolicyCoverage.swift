import Foundation
import PolicyModel

/// Which parts of policies the tests have touched.
struct PolicyCoverage {
    /// Something that decides.
    struct Part: Hashable {
        /// For people: "`origin` of the route `chat`".
        let name: String
        let position: SourcePosition
    }

    /// In the order of the policies that were added, and in theirs.
    private(set) var parts: [Part] = []
    private var known: Set<SourcePosition> = []
    private var touched: Set<SourcePosition> = []

    /// Adds what decides in a policy. Files that two policies share are one, by whichever path they were read.
    mutating func add(_ policy: Policy) {
        for listener in policy.listeners {
            for entry in listener.admission {
                add("`\(entry.settings.name)` of the listener `\(listener.name)`", entry.position)
            }
        }
        for route in policy.routes {
            let owner = "of the route `\(route.name)`"
            add("the route `\(route.name)`", route.position)
            for entry in route.middleware { add("`\(entry.settings.name)` \(owner)", entry.position) }
            for rate in route.rates { add("`\(rate.name)` \(owner)", rate.position) }
            for rule in route.messages { add("the message rule `\(rule.name)` \(owner)", rule.position) }
        }
    }

    private mutating func add(_ name: String, _ position: SourcePosition) {
        if known.insert(Self.identity(position)).inserted { parts.append(Part(name: name, position: position)) }
    }

    mutating func touch(_ positions: some Sequence<SourcePosition>) {
        touched.formUnion(positions.map(Self.identity))
    }

    /// In the order of `parts`.
    var untouched: [Part] { parts.filter { !touched.contains(Self.identity($0.position)) } }

    /// The position with its file's one path.
    private static func identity(_ position: SourcePosition) -> SourcePosition {
        var position = position
        position.file = URL(fileURLWithPath: position.file).standardizedFileURL.path
        return position
    }
}
