import PolicyModel

extension PolicyDecoder {
    /// A route's `match`.
    func routeMatch(_ node: YAMLNode) -> RouteMatch? {
        guard let fields = fields(node, of: .match) else { return nil }
        let hosts = fields.decoded("hosts", matchHosts) ?? []
        let path: RouteMatch.Path?
        switch (fields["path"], fields["path_prefix"]) {
        case (let exact?, nil):
            path = routePath(exact, "path").map { .exact($0) }
        case (nil, let prefix?):
            path = routePath(prefix, "path_prefix").map {
                .prefix($0.count > 1 && $0.hasSuffix("/") ? String($0.dropLast()) : $0)
            }
        case (_?, _?):
            refuse(fields.keyPosition("path_prefix"), "`match` has `path` or `path_prefix`, not both")
            path = nil
        case (nil, nil):
            refuse(fields.position, "`match` needs `path` or `path_prefix`; `path_prefix: /` matches every path")
            path = nil
        }
        return path.map { RouteMatch(hosts: hosts, path: $0) }
    }

    /// A path that a request can come to.
    private func routePath(_ node: YAMLNode, _ key: String) -> String? {
        guard let text = path(node, key) else { return nil }
        if text.contains("//") {
            refuse(node.position, "`\(key)` must not have empty segments, one slash behind another: \(quoted(text))")
            return nil
        }
        if text.utf8.contains(UInt8(ascii: ";")) {
            refuse(
                node.position,
                "`\(key)` is compared without path parameters, so leave `;` and what follows it in a segment out: \(quoted(text))"
            )
            return nil
        }
        return text
    }

    private func matchHosts(_ node: YAMLNode) -> [String]? {
        guard let nodes = list(node, "hosts") else { return nil }
        if nodes.isEmpty { refuse(node.position, "`hosts` is empty; leave it out to match any host") }
        return each(nodes, matchHost)
    }

    /// A host name, lower-cased; `*.` in front stands for one label or more.
    private func matchHost(_ node: YAMLNode) -> String? {
        guard let text = word(node, "hosts") else { return nil }
        if text == "*" {
            refuse(
                node.position, "leave `hosts` out to match any host; `*` has a meaning only as `*.` in front of a name")
            return nil
        }
        if text.utf8.contains(where: { $0 == UInt8(ascii: "/") }) || HostAndPort.split(text) != nil {
            refuse(node.position, "`hosts` has names alone, without scheme, port and path, not \(quoted(text))")
            return nil
        }
        let isWildcard = text.hasPrefix("*.")
        let name = isWildcard ? String(text.dropFirst(2)) : text
        switch HostAndPort.host(name) {
        case .failure(let problem):
            refuse(node.position, problem.message(text))
            return nil
        case .success(let host):
            if isWildcard, IPAddress(host) != nil {
                refuse(node.position, "\(quoted(text)) is an address, and nothing is below an address")
                return nil
            }
            return isWildcard ? "*." + host : host
        }
    }
}
