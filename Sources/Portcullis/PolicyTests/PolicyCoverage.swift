import Engine
import Foundation
import PolicyModel

/// Which parts of policies the tests have touched.
struct PolicyCoverage {
    /// Whose something is that decides.
    enum Owner: Hashable {
        case listener(String)
        case route(String)
    }

    /// Where something stands, and whose it is: behind a YAML alias two routes have what stands in one place.
    struct Place: Hashable {
        let owner: Owner
        var position: SourcePosition
    }

    /// Something that decides.
    struct Part: Hashable {
        /// For people: "`origin` of the route `chat`".
        let name: String
        let place: Place

        var position: SourcePosition { place.position }
    }

    /// In the order of the policies that were added, and in theirs.
    private(set) var parts: [Part] = []
    private var known: Set<Place> = []
    private var touched: Set<Place> = []

    /// Adds what decides in a policy. Files that two policies share are one, by whichever path they were read.
    mutating func add(_ policy: Policy) {
        for listener in policy.listeners {
            for entry in listener.admission {
                let name = "`\(entry.settings.name)` of the listener `\(listener.name)`"
                add(name, Place(owner: .listener(listener.name), position: entry.position))
            }
        }
        for route in policy.routes {
            let owner = "of the route `\(route.name)`"
            let place = { (position: SourcePosition) in Place(owner: .route(route.name), position: position) }
            add("the route `\(route.name)`", place(route.position))
            for entry in route.middleware { add("`\(entry.settings.name)` \(owner)", place(entry.position)) }
            for rate in route.rates { add("`\(rate.name)` \(owner)", place(rate.position)) }
            for rule in route.messages { add("the message rule `\(rule.name)` \(owner)", place(rule.position)) }
        }
    }

    private mutating func add(_ name: String, _ place: Place) {
        if known.insert(Self.identity(place)).inserted { parts.append(Part(name: name, place: place)) }
    }

    mutating func touch(_ places: some Sequence<Place>) {
        touched.formUnion(places.map(Self.identity))
    }

    /// In the order of `parts`.
    var untouched: [Part] { parts.filter { !touched.contains(Self.identity($0.place)) } }

    /// The place with its file's one path.
    private static func identity(_ place: Place) -> Place {
        var place = place
        place.position.file = URL(fileURLWithPath: place.position.file).standardizedFileURL.path
        return place
    }
}

extension PolicyCoverage {
    /// What had a say in a handshake: the route, and every entry that was asked.
    static func places(of handshake: RehearsedHandshake) -> [Place] {
        let listener = Owner.listener(handshake.listener.name)
        let route = handshake.route.map { Owner.route($0.name) }
        var places = [Place(owner: listener, position: handshake.listener.position)]
        if let route, let position = handshake.route?.position {
            places.append(Place(owner: route, position: position))
        }
        for step in handshake.steps {
            let owner: Owner? = step.stage == .admission ? listener : route
            guard let owner, let position = step.position else { continue }
            places.append(Place(owner: owner, position: position))
        }
        return places
    }
}
