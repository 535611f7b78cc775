package import PolicyModel
import WebSocketProtocol

/// Makes the middlewares and message filters that the program brings along beside the built-ins, each by its name.
///
/// Each is made once for each place in a policy when that is put in force, and then asked by all workers and connections.
package struct ExtensionFactories: Sendable {
    /// nil where the settings are wrong after all.
    package typealias Middleware = @Sendable (ExtensionSettings) -> (any HandshakeMiddleware)?
    /// nil where the settings are wrong after all.
    package typealias Filter = @Sendable (ExtensionSettings) -> (any MessageFilter)?

    private let middlewares: [String: Middleware]
    private let filters: [String: Filter]

    package init(middlewares: [String: Middleware] = [:], filters: [String: Filter] = [:]) {
        self.middlewares = middlewares
        self.filters = filters
    }

    /// The middleware of that name. One that cannot be made lets nobody in: a policy has asked for it.
    package func middleware(_ settings: ExtensionSettings) -> any HandshakeMiddleware {
        middlewares[settings.name]?(settings) ?? MissingMiddleware()
    }

    /// The filter of that name. One that cannot be made lets no message through.
    package func filter(_ settings: ExtensionSettings) -> any MessageFilter {
        filters[settings.name]?(settings) ?? MissingFilter()
    }
}

private struct MissingMiddleware: HandshakeMiddleware {
    func evaluate(_ context: inout HandshakeContext) -> Verdict { .refuse(Refusal(.middlewareUnavailable)) }
}

private struct MissingFilter: MessageFilter {
    func inspect(opcode: Opcode, payload: Span<UInt8>) -> FilterVerdict {
        .close(.internalError, reason: "")
    }
}
