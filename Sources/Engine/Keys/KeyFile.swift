internal import Crypto
internal import Glibc
internal import Tokens

/// A JSON Web Key Set in a file.
package enum KeyFile {
    /// Why a file has no keys.
    package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// What tells one state of a file from another.
    struct Stamp: Hashable, Sendable {
        let device: UInt
        let inode: UInt
        let size: Int
        /// Anything at all: who may write a file may set its time.
        let seconds: Int
        let nanoseconds: Int
        /// When it was last changed in any way, its times included.
        let changeSeconds: Int
        let changeNanoseconds: Int

        fileprivate init(_ status: stat) {
            device = UInt(status.st_dev)
            inode = UInt(status.st_ino)
            size = Int(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
            changeSeconds = status.st_ctim.tv_sec
            changeNanoseconds = status.st_ctim.tv_nsec
        }
    }

    /// The file as it is now; nil where there is none.
    static func stamp(of path: String) -> Stamp? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Stamp(status) : nil
    }

    /// Throws where a gateway would have no keys of this file.
    package static func check(_ path: String) throws(Failure) {
        guard IssuerKey.keys(of: try read(path), issuer: "").keys.isEmpty else { return }
        throw Failure(description: JWKSet.Failure.noKeys.description)
    }

    /// Reads the file, which may be as large as a set may be.
    static func read(_ path: String) throws(Failure) -> JWKSet {
        // A FIFO that nobody writes to must not be waited for.
        let descriptor = Descriptor(owning: unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
        var status = stat()
        guard descriptor.number >= 0, unsafe fstat(descriptor.number, &status) == 0 else {
            throw Failure(description: SystemError("read").description)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(description: "it is not a file") }
        var bytes = [UInt8](repeating: 0, count: JWKSet.maximumBytes + 1)
        var count = 0
        while count < bytes.count {
            // Unsafe: writes into the rest of the buffer, whose length it is told.
            let part = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor.number, buffer.baseAddress.map { unsafe $0 + count }, buffer.count - count)
            }
            guard part >= 0 else { throw Failure(description: SystemError("read").description) }
            if part == 0 { break }
            count += part
        }
        do throws(JWKSet.Failure) {
            return try JWKSet(Array(bytes.prefix(count)))
        } catch {
            throw Failure(description: error.description)
        }
    }
}
