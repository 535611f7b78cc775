import Middleware
import PolicyFile
import PolicyModel
import WebSocketProtocol

/// A message filter of somebody else's, as the rules ask it.
struct CustomFilter<Plugin: MessageFilter>: Middleware.MessageFilter {
    private let plugin: Plugin

    /// nil where the settings are wrong, which is noted.
    init?(reading reader: SettingsReader) {
        guard let plugin = reader.making({ settings throws(SettingsError) in try Plugin(settings: settings) }) else {
            return nil
        }
        self.plugin = plugin
    }

    package func inspect(opcode: Opcode, payload: Span<UInt8>) -> FilterVerdict {
        switch plugin.inspect(payload, of: Message(kind: opcode == .text ? .text : .binary)) {
        case .pass: return .pass
        case .drop: return .drop
        case .close(let code, let reason): return .close(Self.sendable(code), reason: Self.short(reason))
        case .replace(let bytes): return .replace(bytes)
        }
    }

    private static func sendable(_ code: UInt16) -> CloseCode {
        let code = CloseCode(rawValue: code)
        return code.mayBeSent ? code : .policyViolation
    }

    /// As much of it as a close frame has room for (RFC 6455 section 5.5).
    private static func short(_ reason: String) -> String {
        var bytes = 0
        let scalars = reason.unicodeScalars.prefix { scalar in
            bytes += UTF8.width(scalar)
            return bytes <= ClosePayload.maximumReasonBytes
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
