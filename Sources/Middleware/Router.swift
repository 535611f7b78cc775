package import PolicyModel

/// From host and path to a route: the first route of the policy that matches wins.
///
/// Routes are indexed by host and path, so that a look-up costs one dictionary access for each label of the host and each
/// segment of the path that some route could mean, however many routes there are.
package struct Router: Sendable {
    private var exactHosts: [String: PathIndex] = [:]
    /// By what stands behind `*.`.
    private var parentHosts: [String: PathIndex] = [:]
    private var anyHost = PathIndex()

    package init(routes: [RoutePolicy]) {
        for (route, policy) in routes.enumerated() {
            if policy.match.hosts.isEmpty { anyHost.insert(policy.match.path, route) }
            for host in policy.match.hosts {
                if host.hasPrefix("*.") {
                    parentHosts[String(host.dropFirst(2)), default: PathIndex()].insert(policy.match.path, route)
                } else {
                    exactHosts[host, default: PathIndex()].insert(policy.match.path, route)
                }
            }
        }
    }

    /// The index of the route; nil without one. `host` in lower case without port, `path` normalised, without query.
    ///
    /// Some servers leave path parameters (`;x=1`) out when they look a path up. Where that would mean another route, the
    /// request has none: its policy is not the one that the upstream's reading would have asked for.
    package func route(host: String, path: String) -> Int? {
        let found = lookUp(host: host, path: path)
        guard path.utf8.contains(UInt8(ascii: ";")) else { return found }
        return found == lookUp(host: host, path: Self.withoutParameters(path)) ? found : nil
    }

    /// Without what follows a semicolon in each segment, and without segments that are empty then.
    private static func withoutParameters(_ path: String) -> String {
        let segments = path.utf8.split(separator: UInt8(ascii: "/")).map { $0.prefix { $0 != UInt8(ascii: ";") } }
        return "/" + segments.filter { !$0.isEmpty }.map { String(Substring($0)) }.joined(separator: "/")
    }

    private func lookUp(host: String, path: String) -> Int? {
        var best = anyHost.route(path)
        func consider(_ index: PathIndex?) {
            guard let route = index?.route(path) else { return }
            best = min(best ?? route, route)
        }
        consider(exactHosts[host])
        guard !parentHosts.isEmpty else { return best }
        var rest = host[...]
        while let dot = rest.firstIndex(of: ".") {
            rest = rest[rest.index(after: dot)...]
            consider(parentHosts[String(rest)])
        }
        return best
    }
}

/// The routes of one host by path; of several with one path the first.
private struct PathIndex: Sendable {
    private var exact: [String: Int] = [:]
    /// Without a slash at the end: `/` itself is the empty one.
    private var prefixes: [String: Int] = [:]
    /// Bytes of the longest prefix: no longer part of a path is looked up, so that a long path costs nothing.
    private var longest = -1

    mutating func insert(_ path: RouteMatch.Path, _ route: Int) {
        switch path {
        case .exact(let text):
            if exact[text] == nil { exact[text] = route }
        case .prefix(let text):
            let prefix = text.hasSuffix("/") ? String(text.dropLast()) : text
            if prefixes[prefix] == nil { prefixes[prefix] = route }
            longest = max(longest, prefix.utf8.count)
        }
    }

    func route(_ path: String) -> Int? {
        var best = exact[path]
        guard longest >= 0 else { return best }
        let bytes = path.utf8
        var length = 0
        var index = bytes.startIndex
        while length <= longest {
            // A prefix ends where a segment does: at a slash, or at the path's end.
            if index == bytes.endIndex || bytes[index] == UInt8(ascii: "/") {
                if let route = prefixes[String(path[..<index])] { best = min(best ?? route, route) }
            }
            guard index < bytes.endIndex else { break }
            bytes.formIndex(after: &index)
            length += 1
        }
        return best
    }
}
