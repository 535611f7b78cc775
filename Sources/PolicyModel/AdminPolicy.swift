/// `admin`: where a gateway answers its operators beside the socket in its state folder.
package struct AdminPolicy: Sendable {
    /// On this machine alone: a loopback address.
    package var address: SocketAddress
    /// A file that holds the token that must be shown there.
    package var tokenFile: String
    package var position: SourcePosition

    package init(address: SocketAddress, tokenFile: String, position: SourcePosition) {
        self.address = address
        self.tokenFile = tokenFile
        self.position = position
    }
}
