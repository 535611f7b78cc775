internal import Glibc

/// The files that OpenSSL is to read, looked at before it opens them: it would wait for ever for somebody who writes to a FIFO.
enum RegularFile {
    /// Throws where something else than a file stands at `path`. Where nothing can be told of it, OpenSSL has the words for why.
    static func check(_ path: String, _ operation: String) throws(CryptoError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
        throw CryptoError(operation: operation, reason: "it is not a regular file")
    }
}
