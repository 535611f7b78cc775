internal import Glibc

/// A file of authorities, before libcurl reads it: that would wait for ever for somebody who writes to a FIFO, and all other
/// requests with it.
enum AuthorityFile {
    /// Throws where there is no regular file at `path`, or none that can be opened.
    static func check(_ path: String) throws(HTTPFailure) {
        // Unsafe, here and below: C calls on memory that lives for the call, and on a NUL-terminated copy of a Swift string.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(path, reason(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path, reason(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw failure(path, "it is not a regular file") }
    }

    private static func failure(_ path: String, _ reason: String) -> HTTPFailure {
        .untrusted("the authorities in \(path) cannot be read: \(reason)")
    }

    private static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
