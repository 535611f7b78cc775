import PolicyModel

extension PolicyDecoder {
    /// `admin` at the top, in one file of a policy at most.
    func admin(_ node: YAMLNode) -> AdminPolicy? {
        if let first = adminPosition {
            refuse(node.position, "`admin` stands in two files, first at \(first); keep it in one of them")
        }
        adminPosition = node.position
        guard let fields = fields(node, of: .admin) else { return nil }
        let address = fields.required("address", example: "127.0.0.1:9901") { node -> SocketAddress? in
            guard let address = socketAddress(node, "address") else { return nil }
            guard address.ip.isLoopback else {
                refuse(
                    node.position,
                    "`address` must be of this machine alone, such as 127.0.0.1:9901 or [::1]:9901, not \(address): whoever reaches it may close connections; from elsewhere use a tunnel"
                )
                return nil
            }
            bind(address, at: node.position)
            return address
        }
        let tokenFile = fields.required("token_file", example: "admin.token") { filePath($0, "token_file") }
        guard let address, let tokenFile else { return nil }
        return AdminPolicy(address: address, tokenFile: tokenFile, position: node.position)
    }
}
