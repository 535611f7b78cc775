/// A check of handshakes, or an edit of what goes upstream: one entry of a route's `middleware`.
///
/// It is made once for each place in a policy, when that policy is read, and is then asked by all workers at once: what it
/// changes must be guarded, and is gone with the next reload unless it is kept elsewhere.
public protocol HandshakeMiddleware: Sendable {
    /// Why it refuses; for one that never does the default, ``NoReason``.
    associatedtype Reason: RefusalReason = NoReason

    /// The key in `middleware`: lower case words with `_` between, 64 bytes at most, and none of the built-ins'.
    static var name: String { get }

    /// Reads its settings. `validate` does that too, and throws away what comes of it: it is no place for other effects.
    init(settings: Settings) throws(SettingsError)

    /// Names of fields that it may set toward the upstream. What a client sends under one of them, in any spelling, never
    /// arrives there; so a server behind may believe them. None by default.
    var upstreamHeaders: [String] { get }

    /// Called once for each handshake that has come to it, on the worker of that connection, which serves nobody else
    /// meanwhile: it must neither block nor wait, nor take longer than a look-up in memory does.
    func evaluate(_ handshake: inout Handshake) -> Decision<Reason>
}

extension HandshakeMiddleware {
    public var upstreamHeaders: [String] { [] }
}

/// What a middleware says of a handshake.
public enum Decision<Reason: RefusalReason>: Sendable, Hashable {
    /// It goes on to the next entry.
    case pass
    /// It is answered with the reason's status, and ends there. `retryAfter` tells when it may be worth another try.
    case refuse(Reason, retryAfter: Duration? = nil)
}

/// Why a middleware refuses: an enumeration of all its reasons, so that they are known, and checked, when the program starts.
///
/// The raw value is the stable spelling in the answer, the audit log and everywhere else: lower case with hyphens, beginning with
/// the middleware's name, such as `office-hours-closed`.
public protocol RefusalReason: RawRepresentable, CaseIterable, Hashable, Sendable where RawValue == String {
    /// From 400 to 599, but for 405, 407 and 426; 403 by default. Asked once.
    var status: Int { get }
    /// One sentence for people, 200 bytes at most. Asked once: it is the same for everybody.
    var message: String { get }
}

extension RefusalReason {
    public var status: Int { 403 }
    public var message: String { "This connection is not accepted." }
}

/// For a middleware that never refuses.
public enum NoReason: RefusalReason {
    public init?(rawValue: String) { nil }

    public var rawValue: String {
        switch self {}
    }
}
