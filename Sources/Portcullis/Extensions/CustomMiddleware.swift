import Middleware
import PolicyFile
import PolicyModel
import WebSocketProtocol

/// A middleware of somebody else's, as the chain asks it.
struct CustomMiddleware<Plugin: HandshakeMiddleware>: Middleware.HandshakeMiddleware {
    private let plugin: Plugin
    private let reasons: [Plugin.Reason: CustomReason]
    package let upstreamHeaders: [String]

    /// nil where the settings are wrong, which is noted.
    init?(reading reader: SettingsReader, reasons: [Plugin.Reason: CustomReason]) {
        guard let plugin = reader.making({ settings throws(SettingsError) in try Plugin(settings: settings) }) else {
            return nil
        }
        reader.checkUpstreamHeaders(plugin.upstreamHeaders)
        guard reader.diagnostics.isEmpty else { return nil }
        self.plugin = plugin
        self.reasons = reasons
        upstreamHeaders = plugin.upstreamHeaders
    }

    package func evaluate(_ context: inout HandshakeContext) -> Verdict {
        var handshake = Handshake(context, settable: upstreamHeaders)
        switch plugin.evaluate(&handshake) {
        case .refuse(let reason, let retryAfter):
            // Fail closed, also for a reason that it has not told among all its cases.
            guard let reason = reasons[reason] else { return .refuse(Refusal(.middlewareUnavailable)) }
            return .refuse(Refusal(reason, retryAfterSeconds: retryAfter?.secondsToWait))
        case .pass:
            if let failure = handshake.failure { return .refuse(Refusal(failure)) }
            context.note("toward the upstream: \(Self.named(upstreamHeaders, in: handshake)) set")
            context.upstreamHeaders = handshake.upstream
            return .pass
        }
    }

    /// What stands there of the fields that it may set.
    private static func named(_ names: [String], in handshake: Handshake) -> String {
        let names = names.filter { handshake.upstream.contains($0) }
        return names.isEmpty ? "nothing" : names.joined(separator: ", ")
    }
}

extension Duration {
    /// Whole seconds, rounded up: from 1 to those of a year.
    fileprivate var secondsToWait: Int {
        let (seconds, attoseconds) = components
        return Int(min(max(seconds, 0), 31_535_999)) + (attoseconds > 0 || seconds < 1 ? 1 : 0)
    }
}
