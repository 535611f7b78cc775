internal import Glibc

/// A file of authorities, read here and not by libcurl: that would wait for ever for somebody who writes to a FIFO, and all
/// other requests with it.
enum AuthorityFile {
    /// Of a file, as many as of others that a policy names.
    static let maximumBytes = 1024 * 1024

    /// What stands in it, or why that cannot be read.
    static func read(_ path: String) throws(HTTPFailure) -> [UInt8] {
        // Unsafe, here and below: C calls on memory that lives for the call, and on a NUL-terminated copy of a Swift string.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(path, reason(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path, reason(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw failure(path, "it is not a regular file") }
        guard status.st_size <= maximumBytes else { throw failure(path, "it has more than 1 MiB") }
        // Somebody may write to it meanwhile: what it has beyond its size is left alone.
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let part = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
            }
            if part < 0, errno == EINTR { continue }
            guard part >= 0 else { throw failure(path, reason(errno)) }
            guard part > 0 else { break }
            count += part
        }
        guard count > 0 else { throw failure(path, "it is empty") }
        return Array(bytes.prefix(count))
    }

    private static func failure(_ path: String, _ reason: String) -> HTTPFailure {
        .untrusted("the authorities in \(path) cannot be read: \(reason)")
    }

    private static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
