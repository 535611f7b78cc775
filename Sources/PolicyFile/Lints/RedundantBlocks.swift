import PolicyModel

extension PolicyDecoder {
    /// Blocks of one list that another one of it holds already. `nodes` are those of `blocks`, one by one.
    func warnRedundantBlocks(_ blocks: [CIDR], _ nodes: [YAMLNode]) {
        guard blocks.count == nodes.count else { return }
        // The larger before those that it holds, and of equal ones the first in the file.
        let order = blocks.indices.sorted { left, right in
            let (a, b) = (blocks[left], blocks[right])
            if a.address != b.address { return a.address.sortKey < b.address.sortKey }
            return (a.prefix, left) < (b.prefix, right)
        }
        var enclosing: [CIDR] = []
        for index in order {
            let block = blocks[index]
            while let last = enclosing.last, !last.contains(block) { enclosing.removeLast() }
            guard let last = enclosing.last else {
                enclosing.append(block)
                continue
            }
            warn(
                nodes[index].position,
                last == block
                    ? "`\(block)` stands in this list twice; remove one of them"
                    : "`\(block)` is a part of `\(last)`, which stands in the same list; leave it out")
            enclosing.append(block)
        }
    }

    /// What `allow` names and `deny` takes away again.
    func warnDeniedBlocks(allow: [CIDR], _ allowNode: YAMLNode?, deny: [CIDR]) {
        guard let allowNode, case .sequence(let nodes) = allowNode.content, nodes.count == allow.count, !allow.isEmpty
        else { return }
        let denied = CIDRSet(deny)
        let lost = allow.indices.filter { denied.contains(allow[$0]) }
        if lost.count == allow.count {
            warn(
                allowNode.position,
                "nobody gets past this `ip_filter`: `deny` names every address that `allow` does, and `deny` wins")
            return
        }
        for index in lost {
            warn(nodes[index].position, "`\(allow[index])` is in `deny`, too, which wins: nobody comes in by it")
        }
    }

    /// A `deny` that every address is in, beside no `allow`.
    func warnDenialOfEverybody(_ deny: [CIDR], _ node: YAMLNode) {
        let denied = CIDRSet(deny)
        let all = ["0.0.0.0/0", "::/0"].compactMap { try? CIDR($0) }
        guard all.allSatisfy({ denied.contains($0) }) else { return }
        warn(node.position, "nobody gets past this `ip_filter`: `deny` names every address")
    }

    /// A proxy is somebody in particular.
    func warnTrustOfEverybody(_ blocks: [CIDR], _ list: YAMLNode?, by means: String) {
        guard case .sequence(let nodes)? = list?.content, blocks.count == nodes.count else { return }
        for (block, node) in zip(blocks, nodes) where block.prefix == 0 {
            warn(
                node.position,
                "`\(block)` is everybody: any client could say by \(means) that it has another address; name the proxies' own"
            )
        }
    }
}

extension IPAddress {
    /// IPv4 before IPv6, each by its number.
    fileprivate var sortKey: (Int, UInt128) {
        switch self {
        case .v4(let value): (4, UInt128(value))
        case .v6(let value): (6, value)
        }
    }
}
