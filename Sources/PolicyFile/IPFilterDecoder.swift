import PolicyModel

extension MiddlewareDecoder {
    static let ipFilter = MiddlewareDecoder(name: "ip_filter", mapping: .ipFilter, runsBeforeTLS: true) {
        decoder, fields in
        let allow = fields.decoded("allow") { decoder.blocks($0, "allow") }
        let deny = fields.decoded("deny") { decoder.blocks($0, "deny") } ?? []
        // Read as "nobody" it would lock everyone out, read as "no list" it would let everyone in.
        if let node = fields["allow"], case .sequence(let elements) = node.content, elements.isEmpty {
            decoder.refuse(
                node.position, "`allow` is empty; leave it out to allow every address that `deny` does not name")
            return nil
        }
        guard fields["allow"] != nil || fields["deny"] != nil else {
            decoder.refuse(fields.position, "`ip_filter` needs `allow` or `deny`, such as `allow: [10.0.0.0/8]`")
            return nil
        }
        if fields["allow"] == nil, let node = fields["deny"], case .sequence(let elements) = node.content,
            elements.isEmpty
        {
            decoder.warn(node.position, "`deny` is empty and there is no `allow`, so this `ip_filter` keeps nobody out")
        }
        if fields["allow"] == nil, let node = fields["deny"] { decoder.warnDenialOfEverybody(deny, node) }
        decoder.warnDeniedBlocks(allow: allow ?? [], fields["allow"], deny: deny)
        return .ipFilter(IPFilterSettings(allow: allow.map { CIDRSet($0) }, deny: CIDRSet(deny)))
    }
}
