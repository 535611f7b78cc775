internal import Glibc

/// The store's file and folder as the operating system sees them: who may read them, and whether they are still the same.
struct StoreFile: Sendable {
    /// Which file stands behind a path.
    struct Identity: Sendable, Hashable {
        fileprivate let device: UInt64
        fileprivate let inode: UInt64
    }

    let folder: String
    let path: String

    init(stateDirectory: String) {
        folder = stateDirectory.isEmpty ? "." : stateDirectory
        path = folder.hasSuffix("/") ? folder + "tokens.sqlite" : folder + "/tokens.sqlite"
    }

    /// How long another process is waited for, in seconds.
    static let patience = 5.0

    /// Runs `body` while no other process that uses this function is inside it: opening and migrating are not for two at once.
    /// `busy` where another one keeps the lock for longer than is waited for.
    func withFolderLock<Result>(_ body: () throws(TokenStoreError) -> Result) throws(TokenStoreError) -> Result {
        // Unsafe, here and below: C strings that Swift makes for the call; results are plain numbers.
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw missing }
            throw inaccessible(folder, "cannot be opened")
        }
        defer { close(descriptor) }
        // In milliseconds, a few at a time: opening takes no longer.
        let (patience, step) = (Int(Self.patience * 1000), 5)
        var waited = 0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EINTR || errno == EWOULDBLOCK else { throw inaccessible(folder, "cannot be locked") }
            guard waited < patience else {
                throw TokenStoreError(
                    .busy, path: path,
                    what: "the state folder is locked by another process for more than \(patience / 1000) s",
                    advice: "`lslocks` says by which one; end it, or try again")
            }
            poll(nil, 0, Int32(step))
            waited += step
        }
        return try body()
    }

    /// Makes the folder (mode 0700) with those above it, where it is missing.
    func makeFolder() throws(TokenStoreError) {
        var end = folder.startIndex
        while end < folder.endIndex {
            end = folder[end...].dropFirst().firstIndex(of: "/") ?? folder.endIndex
            let part = String(folder[..<end])
            if unsafe mkdir(part, 0o700) != 0, errno != EEXIST, errno != EISDIR {
                throw inaccessible(part, "cannot be made")
            }
        }
    }

    /// Makes the file (mode 0600), empty, where it is missing. Whether it was made. What root makes belongs to whom the folder
    /// belongs to, such as the service that is to open it; SQLite gives the files that it puts beside it to the same.
    ///
    /// Never opens one that is there: closing it again would drop the locks that SQLite holds on it in this process.
    func makeFile() throws(TokenStoreError) -> Bool {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { return false }
            throw inaccessible(path, "cannot be made")
        }
        defer { close(descriptor) }
        guard geteuid() == 0 else { return true }
        var info = stat()
        let isGiven =
            unsafe stat(folder, &info) == 0
            && (info.st_uid == 0 || fchown(descriptor, info.st_uid, info.st_gid) == 0
                // Where files belong to nobody else, as on some network file systems, it is as usable as it can be.
                || errno == EPERM || errno == EINVAL)
        guard isGiven else {
            let error = inaccessible(path, "cannot be given to the owner of the folder")
            unsafe unlink(path)
            throw error
        }
        return true
    }

    /// Checks that there is a file with content that nobody but its owner may read. Opens nothing, for the same reason.
    func check(isNew: Bool) throws(TokenStoreError) -> Identity {
        var info = stat()
        guard unsafe stat(path, &info) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw missing }
            throw inaccessible(path, "cannot be looked at")
        }
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw TokenStoreError(.damaged, path: path, what: "is not a file")
        }
        guard info.st_mode & 0o077 == 0 else {
            throw TokenStoreError(
                .exposed, path: path, what: "holds private keys and is open to other users",
                advice: "run `chmod 600 \(path)`")
        }
        // SQLite takes what is shorter than its smallest page for a new database, and would begin one.
        guard isNew || info.st_size >= 512 else {
            throw TokenStoreError(.damaged, path: path, what: "is empty or cut", advice: TokenStoreError.restore)
        }
        return Identity(device: UInt64(info.st_dev), inode: UInt64(info.st_ino))
    }

    private var missing: TokenStoreError {
        TokenStoreError(
            .missing, path: path, what: "there is no token store",
            advice: "`portcullis token issue` makes one; `--state` says in which folder")
    }

    private func inaccessible(_ path: String, _ what: String) -> TokenStoreError {
        let reason = unsafe String(cString: strerror(errno))
        return TokenStoreError(.inaccessible, path: path, what: "\(what): \(reason)")
    }
}
