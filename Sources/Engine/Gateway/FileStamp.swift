internal import Glibc

/// What tells one state of a file from another.
struct FileStamp: Hashable, Sendable {
    let device: UInt
    let inode: UInt
    let size: Int
    /// Anything at all: who may write a file may set its time.
    let seconds: Int
    let nanoseconds: Int
    /// When it was last changed in any way, its times included.
    let changeSeconds: Int
    let changeNanoseconds: Int

    /// The file as it is now, where a link leads to; nil where there is none.
    init?(of path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
        size = Int(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
        changeSeconds = status.st_ctim.tv_sec
        changeNanoseconds = status.st_ctim.tv_nsec
    }
}
