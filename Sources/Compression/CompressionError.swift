/// Why a message was not inflated or deflated.
package enum CompressionError: Error, Sendable, Equatable {
    /// Not what RFC 7692 7.2.2 makes a message of: broken deflate, or a stream that ends in the middle of a block.
    case malformed
    /// The message is longer than it may be.
    case tooLong
    /// There is no memory for a window.
    case outOfMemory
    /// zlib does not take these settings, or is another version than the one that this was built for.
    case unsupported
}
