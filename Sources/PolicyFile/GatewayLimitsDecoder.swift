import PolicyModel

extension PolicyDecoder {
    /// `limits` at the top: bounds of the whole process, given in one file of a policy at most.
    func gatewayLimits(_ node: YAMLNode) -> GatewayLimits? {
        if let first = limitsPosition {
            refuse(
                node.position, "the gateway's `limits` stand in two files, first at \(first); keep them in one of them")
        }
        limitsPosition = node.position
        guard let fields = fields(node, of: .gatewayLimits) else {
            return nil
        }
        return GatewayLimits(
            connections: fields.integer("connections", in: 1...10_000_000),
            memory: fields.size("memory", in: 64 << 20...1 << 50))
    }
}
