/// What a route makes of permessage-deflate (RFC 7692).
package enum CompressionPolicy: Sendable, Hashable {
    /// It is agreed on with nobody.
    case strip
    /// Client and upstream agree on it with each other, and frames pass as they are: nothing of the gateway's can read them.
    case passthrough
    /// The gateway ends it on either side by itself, and reads what it inflates.
    case inspect(InflationSettings)
}

/// `compression: { mode: inspect, … }`
package struct InflationSettings: Sendable, Hashable {
    /// Whether windows are kept from one message to the next: messages get shorter, and connections take memory.
    package var contextTakeover: Bool
    /// The largest window, 9 to 15, as the power of two.
    package var windowBits: Int
    /// How much work is put into what the gateway deflates, 1 to 9.
    package var level: Int
    /// What is shorter is sent as it is.
    package var minimumBytes: Int

    /// Without `windowBits`, a window that takes no memory of a connection's is as large as it may be, and one that does is a
    /// small one.
    package init(contextTakeover: Bool = false, windowBits: Int? = nil, level: Int = 3, minimumBytes: Int = 256) {
        self.contextTakeover = contextTakeover
        self.windowBits = windowBits ?? (contextTakeover ? 12 : 15)
        self.level = level
        self.minimumBytes = minimumBytes
    }
}
