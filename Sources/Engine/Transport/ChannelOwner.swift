internal import Crypto

/// What a channel tells its owner. All calls come on the worker's thread, and a call may close the channel.
///
/// A class and not a protocol: the calls are made for every chunk of bytes, and a class's are the cheaper ones.
class ChannelOwner {
    /// A connect that was started has been decided: `error` is nil or an errno.
    func channelDidConnect(_ channel: Channel, error: Int32?) {}
    /// The TLS handshake is complete.
    func channelIsSecure(_ channel: Channel) {}
    /// How many bytes may be received now.
    func allowance(for channel: Channel) -> Int { .max }
    /// Plain bytes have arrived; they are lent for the length of the call.
    func channel(_ channel: Channel, received bytes: Span<UInt8>) {}
    /// The peer sends no more.
    func channelEnded(_ channel: Channel) {}
    /// The connection is broken, or TLS has failed: nothing can be sent any more.
    func channelFailed(_ channel: Channel) {}
    /// The TLS handshake has failed.
    func channelFailed(_ channel: Channel, _ error: CryptoError) { channelFailed(channel) }
    /// Some of what was queued may be gone: there may be room again.
    func channelFlushed(_ channel: Channel) {}
    /// A deadline that was set with ``Worker/setDeadline(_:for:)`` has passed.
    func deadlinePassed(now: Nanoseconds) {}
}
