import Middleware
import PolicyFile
import PolicyModel

/// The middlewares and message filters that the program brings along: how their settings are checked, and how they are made.
struct Extensions: Sendable {
    /// Those of the command that runs; none in the gateway as it ships.
    @TaskLocal static var current = Extensions()

    private(set) var catalog = ExtensionCatalog()
    private var middlewares: [String: ExtensionFactories.Middleware] = [:]
    private var filters: [String: ExtensionFactories.Filter] = [:]
    /// By spelling, the middleware that has it.
    private var reasons: [String: String] = [:]
    /// What is wrong with what the program brings along, a line each. No command runs then.
    private(set) var problems: [String] = []

    init(
        middleware: [any HandshakeMiddleware.Type] = [], filters: [any MessageFilter.Type] = []
    ) {
        for type in middleware { add(type) }
        for type in filters { add(type) }
    }

    var factories: ExtensionFactories { ExtensionFactories(middlewares: middlewares, filters: filters) }

    /// What its middlewares refuse for.
    var reasonNames: [String] { reasons.keys.sorted() }

    private mutating func add<Plugin: HandshakeMiddleware>(_ type: Plugin.Type) {
        let name = Plugin.name
        check(
            name, of: "middleware", isTaken: middlewares[name] != nil, builtins: ExtensionCatalog.builtinMiddleware)
        let reasons = customReasons(of: type)
        catalog.middleware.append(
            ExtensionCatalog.Item(name: name) { _ = CustomMiddleware<Plugin>(reading: $0, reasons: reasons) })
        middlewares[name] = { CustomMiddleware<Plugin>(reading: SettingsReader($0), reasons: reasons) }
    }

    private mutating func add<Plugin: MessageFilter>(_ type: Plugin.Type) {
        let name = Plugin.name
        check(name, of: "message filter", isTaken: filters[name] != nil, builtins: ExtensionCatalog.builtinActions)
        catalog.filters.append(ExtensionCatalog.Item(name: name) { _ = CustomFilter<Plugin>(reading: $0) })
        filters[name] = { CustomFilter<Plugin>(reading: SettingsReader($0)) }
    }

    private mutating func customReasons<Plugin: HandshakeMiddleware>(
        of type: Plugin.Type
    ) -> [Plugin.Reason: CustomReason] {
        var result: [Plugin.Reason: CustomReason] = [:]
        for reason in Plugin.Reason.allCases {
            let name = reason.rawValue
            do throws(CustomReason.Problem) {
                result[reason] = try CustomReason(name, of: Plugin.name, status: reason.status, message: reason.message)
            } catch {
                problems.append("the reason '\(name)' of the middleware '\(Plugin.name)' \(error)")
            }
            if let other = reasons.updateValue(Plugin.name, forKey: name) {
                problems.append("the reason '\(name)' of the middleware '\(Plugin.name)' is one of '\(other)' already")
            }
        }
        return result
    }

    private mutating func check(_ name: String, of kind: String, isTaken: Bool, builtins: [String]) {
        if !Self.isSnakeCase(name) {
            problems.append(
                "the \(kind) '\(name)' must be named in lower case words with '_' between, 64 bytes at most")
        } else if builtins.contains(name) {
            problems.append("the \(kind) '\(name)' must have another name: that is the one of a built-in")
        } else if isTaken {
            problems.append("two of the kind \(kind) are named '\(name)'")
        }
    }

    private static func isSnakeCase(_ name: String) -> Bool {
        let words = name.utf8.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
        guard name.utf8.count <= 64, let first = name.utf8.first, (97...122).contains(first) else { return false }
        return words.allSatisfy { word in
            !word.isEmpty && word.allSatisfy { (97...122).contains($0) || (48...57).contains($0) }
        }
    }
}
