import PolicyModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where the files come from that a policy names and that are a part of it, such as schemas.
package struct PolicyFiles: Sendable {
    /// The most that such a file may hold.
    package static let maximumBytes = 1024 * 1024

    private let content: @Sendable (String) -> Result<[UInt8], FileProblem>

    private init(_ content: @escaping @Sendable (String) -> Result<[UInt8], FileProblem>) {
        self.content = content
    }

    /// There are none.
    package static let none = PolicyFiles { _ in .failure(FileProblem(code: ENOENT)) }

    /// Relative paths are relative to `folder`.
    package static func inFolder(_ folder: String) -> PolicyFiles {
        PolicyFiles { name in bytes(of: name.resolved(in: folder), atMost: maximumBytes + 1) }
    }

    /// What stands in the file.
    func read(_ name: String) -> Result<[UInt8], FileProblem> {
        content(name).flatMap { $0.count <= Self.maximumBytes ? .success($0) : .failure(FileProblem(code: EFBIG)) }
    }

    // Unsafe below: C calls on memory that lives for the call, and on NUL-terminated copies of Swift strings.

    /// The first bytes of a file, `maximum` at most: one more than it may have shows that it is too long.
    static func bytes(of path: String, atMost maximum: Int) -> Result<[UInt8], FileProblem> {
        // A FIFO that nobody writes to must not be waited for.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .failure(.last) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count < maximum {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Self.read(descriptor, $0) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return .failure(.last) }
            guard count > 0 else { break }
            bytes += chunk.prefix(min(count, maximum - bytes.count))
        }
        return .success(bytes)
    }

    private static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
            return unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
            return unsafe Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
            return unsafe Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }
}

/// Why the system would not.
struct FileProblem: Error, CustomStringConvertible {
    var code: Int32

    static var last: FileProblem { FileProblem(code: errno) }

    var description: String {
        switch code {
        case ENOENT: "there is no such file or folder"
        case EACCES: "permission denied"
        case ELOOP: "too many symbolic links"
        case ENAMETOOLONG: "the name is too long"
        case ENOTDIR: "a part of the path is not a folder"
        case EISDIR: "it is a folder"
        case EFBIG: "it is longer than 1 MiB"
        default: "system error \(code)"
        }
    }
}
