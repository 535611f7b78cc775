/// What a policy may name beside the built-ins: the middlewares and message filters that the program brings along.
package struct ExtensionCatalog: Sendable {
    /// One of them.
    package struct Item: Sendable {
        /// Its name in the policy language.
        package let name: String
        /// Reads its settings as it will when they are put in force, and so notes all that is wrong with them.
        package let check: @Sendable (SettingsReader) -> Void

        package init(name: String, check: @escaping @Sendable (SettingsReader) -> Void) {
            self.name = name
            self.check = check
        }
    }

    /// Entries of a route's `middleware`.
    package var middleware: [Item]
    /// Actions of a message rule.
    package var filters: [Item]

    package init(middleware: [Item] = [], filters: [Item] = []) {
        self.middleware = middleware
        self.filters = filters
    }

    /// Names that no other middleware can have.
    package static var builtinMiddleware: [String] { MiddlewareDecoder.all.map(\.name) }

    /// Names that no message filter can have: those of the other actions.
    package static var builtinActions: [String] { PolicyDecoder.builtinActions }
}
