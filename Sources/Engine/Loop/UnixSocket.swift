internal import CPlatform
internal import Glibc

/// Sockets in the file system (unix(7)), non-blocking and closed on exec.
enum UnixSocket {
    /// Whose process is at the other end.
    struct Credentials: Sendable, Hashable {
        let process: Int32
        let user: UInt32
    }

    /// A socket that listens at `path`, where nothing stands. Nobody but its owner may ever connect to it: it has mode 0600 from
    /// its first moment on.
    static func listen(at path: String, backlog: Int32 = 1024) throws(SystemError) -> Descriptor {
        let descriptor = try open(for: "listen at \(path)")
        // The file gets the mode that the socket has before it is bound.
        guard fchmod(descriptor.number, 0o600) == 0 else { throw SystemError("listen at \(path)") }
        let number = descriptor.number
        guard unsafe try withAddress(path, { unsafe bind(number, $0, $1) }) == 0 else {
            throw SystemError("bind \(path)")
        }
        guard Glibc.listen(number, backlog) == 0 else { throw SystemError("listen at \(path)") }
        return descriptor
    }

    /// A socket that is connected to the one that listens at `path`. It never waits: where as many wait there as may, it fails
    /// with `EAGAIN`.
    static func connect(to path: String) throws(SystemError) -> Descriptor {
        let descriptor = try open(for: "connect to \(path)")
        let number = descriptor.number
        guard unsafe try withAddress(path, { unsafe Glibc.connect(number, $0, $1) }) == 0 else {
            throw SystemError("connect to \(path)")
        }
        return descriptor
    }

    /// Takes a connection that waits.
    static func accept(_ listener: Int32) -> Acceptance {
        while true {
            let number = cp_accept(listener, nil, nil)
            if number >= 0 { return .connection(Descriptor(owning: number)) }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            default: return .none
            }
        }
    }

    enum Acceptance: ~Copyable {
        case connection(Descriptor)
        /// Nobody waits.
        case none
        /// The process or the system has no descriptors or memory left.
        case exhausted
    }

    /// nil where the system does not tell.
    static func peer(of number: Int32) -> Credentials? {
        var (process, user) = (pid_t(), uid_t())
        guard unsafe cp_peer_credentials(number, &process, &user) == 0 else { return nil }
        return Credentials(process: process, user: user)
    }

    private static func open(for operation: String) throws(SystemError) -> Descriptor {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let number = socket(AF_UNIX, type, 0)
        guard number >= 0 else { throw SystemError(operation) }
        return Descriptor(owning: number)
    }

    /// Calls `body` with the path in the kernel's form, which has room for 107 bytes: a longer one is named through its folder.
    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemError) -> Int32 {
        guard let short = try ShortPath(path) else { throw SystemError("use \(path)", code: ENAMETOOLONG) }
        var native = sockaddr_un()
        native.sun_family = sa_family_t(AF_UNIX)
        // What is behind the path stays zero: `ShortPath` has counted.
        unsafe withUnsafeMutableBytes(of: &native.sun_path) { place in
            unsafe place.copyBytes(from: short.path.utf8)
        }
        return unsafe withUnsafePointer(to: native) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// A path that an address of a Unix socket has room for.
struct ShortPath: ~Copyable {
    /// Of an address of a Unix socket, without the zero behind it.
    static let maximumBytes = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// Leads to the same place, as long as this lives.
    let path: String
    private let folder: Descriptor?

    /// nil where even the file's name is too long, or the path holds a zero. Throws where the folder cannot be opened.
    init?(_ path: String) throws(SystemError) {
        guard !path.utf8.contains(0) else { return nil }
        guard path.utf8.count > Self.maximumBytes else {
            self.path = path
            folder = nil
            return
        }
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let folder = Descriptor(owning: unsafe Glibc.open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        guard folder.number >= 0 else { throw SystemError("open \(path[..<slash])") }
        let short = "/proc/self/fd/\(folder.number)\(path[slash...])"
        guard short.utf8.count <= Self.maximumBytes else { return nil }
        self.path = short
        self.folder = consume folder
    }
}
