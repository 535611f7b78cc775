internal import Middleware
internal import Tokens

/// What the runtimes of one gateway are made with, and what outlives each of them.
struct GatewayServices: Sendable {
    var tokens: TokenAuthority
    /// Without one no token is admitted whose uses are limited.
    var uses: (any UseCounter)?
    var signer = CurrentSigner()
    /// Without one there are no keys but the builtin issuer's.
    var keyWatcher: KeyWatcher?
    /// Without one `authorize` admits nobody.
    var authorization: (any AuthorizationService)?
    var extensions = ExtensionFactories()
    var metrics = GatewayMetrics()
    /// Turns a policy's path into one of the file system.
    var resolve: @Sendable (String) -> String = { $0 }
}
