internal import Crypto
internal import Glibc
internal import Tokens

/// A JSON Web Key Set in a file.
package enum KeyFile {
    /// Why a file has no keys.
    package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
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
