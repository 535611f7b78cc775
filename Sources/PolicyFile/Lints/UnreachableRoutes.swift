import PolicyModel

/// Which requests a route is for, as far as its `match` could be read, with the places where the file says so.
struct RouteReach {
    var name: String
    /// None: any host.
    var hosts: [(name: String, position: SourcePosition)]
    var path: RouteMatch.Path
    var position: SourcePosition
}

extension RouteReach {
    init(name: String, match: RouteMatch, node: YAMLNode?, position: SourcePosition) {
        var places: [SourcePosition] = []
        if case .mapping(let entries)? = node?.content,
            case .sequence(let nodes)? = entries.first(where: { $0.key == "hosts" })?.value.content
        {
            places = nodes.map(\.position)
        }
        let hosts = match.hosts.enumerated().map { index, host in
            (name: host, position: places.indices.contains(index) ? places[index] : position)
        }
        self.init(name: name, hosts: hosts, path: match.path, position: position)
    }
}

extension PolicyDecoder {
    /// Routes, and hosts of routes, that no request ever gets to: the first route that matches wins, whatever is said more exactly
    /// behind it.
    func warnUnreachableRoutes() {
        var earlier = ReachIndex()
        for (index, route) in reaches.enumerated() {
            warnNeedlessHosts(of: route)
            let takers =
                route.hosts.isEmpty
                ? [earlier.taker(of: route.path, host: nil)]
                : route.hosts.map { earlier.taker(of: route.path, host: $0.name) }
            if takers.allSatisfy({ $0 != nil }) {
                warnUnreachable(route, behind: Set(takers.compactMap { $0 }).sorted().map { reaches[$0] })
            } else {
                for (host, taker) in zip(route.hosts, takers) {
                    guard let taker else { continue }
                    warn(
                        host.position,
                        "no request for \(quoted(host.name)) ever gets to route `\(route.name)`: `\(reaches[taker].name)` in \(place(reaches[taker].position, from: route.position)) takes them all"
                    )
                }
            }
            earlier.insert(route, index)
        }
    }

    private func warnUnreachable(_ route: RouteReach, behind others: [RouteReach]) {
        let names = others.prefix(3).map { "`\($0.name)` in \(place($0.position, from: route.position))" }
        warn(
            route.position,
            "no request ever gets to route `\(route.name)`: \(names.joined(separator: " and ")) \(others.count == 1 ? "takes" : "take") them all; move it up, or remove it"
        )
    }

    private func warnNeedlessHosts(of route: RouteReach) {
        var seen: Set<String> = []
        let wildcards = Set(route.hosts.map(\.name).filter { $0.hasPrefix("*.") })
        for host in route.hosts {
            if !seen.insert(host.name).inserted {
                warn(host.position, "\(quoted(host.name)) stands in this list twice; remove one of them")
            } else if !wildcards.isEmpty,
                let wildcard = HostNames.parents(of: host.name).first(where: wildcards.contains)
            {
                warn(host.position, "\(quoted(host.name)) is below `\(wildcard)` of the same list; leave it out")
            }
        }
    }

    /// `line 12`, or where it is another file's, all of the place.
    func place(_ position: SourcePosition, from other: SourcePosition) -> String {
        position.file == other.file ? "line \(position.line)" : "\(position)"
    }
}

enum HostNames {
    /// The wildcards that stand for a host, or for all that another wildcard does, without that one: of `a.b.c` they are
    /// `*.b.c` and `*.c`.
    static func parents(of host: String) -> [String] {
        var rest = host.hasPrefix("*.") ? host.dropFirst(2) : host[...]
        var parents: [String] = []
        while let dot = rest.utf8.firstIndex(of: UInt8(ascii: ".")) {
            rest = rest[rest.utf8.index(after: dot)...]
            parents.append("*." + rest)
        }
        return parents
    }
}

/// Routes by host and path, to find one that takes all that another is for.
private struct ReachIndex {
    /// By host as a route names it; those of any host are under the empty name.
    private var trees: [String: PathTree] = [:]

    mutating func insert(_ route: RouteReach, _ index: Int) {
        for host in route.hosts.isEmpty ? [""] : route.hosts.map(\.name) {
            trees[host, default: PathTree()].insert(route.path, index)
        }
    }

    /// The first route that takes all requests for a path of a host; nil for `host` means all hosts.
    func taker(of path: RouteMatch.Path, host: String?) -> Int? {
        let names = host.map { [$0, ""] + HostNames.parents(of: $0) } ?? [""]
        return names.compactMap { trees[$0]?.taker(of: path) }.min()
    }
}

/// Routes by path, a node for each segment.
private struct PathTree {
    private struct Node {
        var children: [Substring: Int] = [:]
        var exact: Int?
        var prefix: Int?
    }

    private var nodes = [Node()]

    mutating func insert(_ path: RouteMatch.Path, _ route: Int) {
        var node = 0
        for segment in Self.segments(path) {
            if let next = nodes[node].children[segment] {
                node = next
            } else {
                nodes.append(Node())
                nodes[node].children[segment] = nodes.count - 1
                node = nodes.count - 1
            }
        }
        switch path {
        case .exact: nodes[node].exact = nodes[node].exact ?? route
        case .prefix: nodes[node].prefix = nodes[node].prefix ?? route
        }
    }

    func taker(of path: RouteMatch.Path) -> Int? {
        var node = 0
        var best = nodes[0].prefix
        for segment in Self.segments(path) {
            guard let next = nodes[node].children[segment] else { return best }
            node = next
            best = [best, nodes[node].prefix].compactMap { $0 }.min()
        }
        if case .exact = path { best = [best, nodes[node].exact].compactMap { $0 }.min() }
        return best
    }

    /// None for the prefix `/`, which matches everything.
    private static func segments(_ path: RouteMatch.Path) -> [Substring] {
        switch path {
        case .prefix("/"): []
        case .exact(let text), .prefix(let text):
            text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        }
    }
}
