internal import Glibc

/// Why a state folder has no admin socket.
enum AdminSocketError: Error, CustomStringConvertible {
    /// A gateway that runs answers there.
    case taken(path: String)
    /// Something stands there that is no socket.
    case occupied(path: String)
    /// Others could have connected to it.
    case exposed(path: String)
    case system(SystemError)

    var description: String {
        switch self {
        case .taken(let path):
            "another gateway answers at \(path); give each gateway a state folder of its own to reach both"
        case .occupied(let path): "\(path) is not a socket; move it away"
        case .exposed(let path):
            "the file system does not keep the mode of \(path); use another one for the state folder"
        case .system(let error): "\(error)"
        }
    }
}

/// The socket in the state folder at which a gateway answers its operators. Mode 0600: whoever may write in the folder's name
/// may steer the gateway.
final class AdminSocket: Sendable {
    /// Milliseconds to wait for another process that looks at the same folder.
    private static let patience = 5000

    let path: String
    private let descriptor: Descriptor
    private let identity: Identity

    /// Which file stands behind a path.
    private struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    /// Where the socket of a state folder is.
    static func path(in stateDirectory: String) -> String {
        let folder = stateDirectory.isEmpty ? "." : stateDirectory
        return folder.hasSuffix("/") ? "\(folder)admin.sock" : "\(folder)/admin.sock"
    }

    /// Listens in a folder that is there. The socket of a gateway that has died is replaced; that of one that lives is not.
    init(stateDirectory: String) throws(AdminSocketError) {
        let path = Self.path(in: stateDirectory)
        self.path = path
        do throws(SystemError) {
            // Two that begin at once must not each take the other's socket for one that nobody is behind.
            let folder = try Self.lock(stateDirectory.isEmpty ? "." : stateDirectory)
            try Self.clear(path)
            descriptor = try UnixSocket.listen(at: path)
            // Given back by the end of `folder`.
            _ = consume folder
        } catch {
            throw switch error.code {
            case EADDRINUSE: .taken(path: path)
            case ENOTSOCK: .occupied(path: path)
            default: .system(error)
            }
        }
        guard let found = Self.look(path) else { throw .system(SystemError("look at \(path)")) }
        identity = found.identity
        guard found.mode == S_IFSOCK | 0o600 else {
            unsafe unlink(path)
            throw .exposed(path: path)
        }
    }

    var number: Int32 { descriptor.number }

    /// Takes it out of the folder, unless another one stands there by now.
    func remove() {
        if Self.look(path)?.identity == identity { unsafe unlink(path) }
    }

    private static func lock(_ folder: String) throws(SystemError) -> Descriptor {
        let descriptor = Descriptor(owning: unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        guard descriptor.number >= 0 else { throw SystemError("open \(folder)") }
        var waited = 0
        while flock(descriptor.number, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EINTR || errno == EWOULDBLOCK, waited < patience else { throw SystemError("lock \(folder)") }
            poll(nil, 0, 20)
            waited += 20
        }
        return descriptor
    }

    /// Makes room at `path`. `EADDRINUSE` where somebody listens there, `ENOTSOCK` where it is something else.
    private static func clear(_ path: String) throws(SystemError) {
        guard let found = look(path) else {
            guard errno == ENOENT else { throw SystemError("look at \(path)") }
            return
        }
        guard found.mode & S_IFMT == S_IFSOCK else { throw SystemError("bind \(path)", code: ENOTSOCK) }
        do throws(SystemError) {
            _ = try UnixSocket.connect(to: path)
        } catch {
            switch error.code {
            case ECONNREFUSED:
                guard unsafe unlink(path) == 0 else { throw SystemError("remove \(path)") }
                return
            // As many wait there as may: then somebody is behind it.
            case EAGAIN: break
            default: throw error
            }
        }
        throw SystemError("bind \(path)", code: EADDRINUSE)
    }

    private static func look(_ path: String) -> (identity: Identity, mode: mode_t)? {
        var info = stat()
        guard unsafe lstat(path, &info) == 0 else { return nil }
        return (Identity(device: UInt64(info.st_dev), inode: UInt64(info.st_ino)), info.st_mode)
    }
}
