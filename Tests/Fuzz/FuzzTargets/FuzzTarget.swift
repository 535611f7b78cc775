/// What is fuzzed. Each takes any bytes, and its contract is: a value or a documented error, never a trap, and never more
/// memory than its limit. What else must hold of its answers it checks itself.
package enum FuzzTarget: String, Sendable, CaseIterable {
    case requestHead = "request-head"
    case responseHead = "response-head"
    case extensions
    case proxyHeader = "proxy-header"
    case frames
    case inflate
    case messages
    case policy
    case policyTests = "policy-tests"
    case token
    case schema
    case schemaMessages = "schema-messages"
    case inspection

    /// Feeds the target once.
    package func run(_ bytes: [UInt8]) throws(BrokenContract) {
        switch self {
        case .requestHead: try RequestHeadTarget.fuzz(bytes)
        case .responseHead: try ResponseHeadTarget.fuzz(bytes)
        case .extensions: try ExtensionsTarget.fuzz(bytes)
        case .proxyHeader: try ProxyHeaderTarget.fuzz(bytes)
        case .frames: try FramesTarget.fuzz(bytes)
        case .inflate: try InflateTarget.fuzz(bytes)
        case .messages: try MessagesTarget.fuzz(bytes)
        case .policy: try PolicyTarget.fuzz(bytes)
        case .policyTests: try PolicyTestsTarget.fuzz(bytes)
        case .token: try TokenTarget.fuzz(bytes)
        case .schema: try SchemaTarget.fuzz(bytes)
        case .schemaMessages: try SchemaMessagesTarget.fuzz(bytes)
        case .inspection: try InspectionTarget.fuzz(bytes)
        }
    }
}

/// An answer that must not have been given.
package struct BrokenContract: Error, CustomStringConvertible {
    package let description: String
}

/// Throws where `holds` is false.
func require(_ holds: Bool, _ contract: @autoclosure () -> String) throws(BrokenContract) {
    guard holds else { throw BrokenContract(description: contract()) }
}
