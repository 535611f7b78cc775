internal import Locking
import Synchronization

/// Looks at the files of the policies once a second, on a thread of its own, and asks for a reload when any of them is another
/// one, has come or has gone, and all of them then stood still for one look: what is still being written is not read.
final class FileWatcher: Sendable {
    /// Between two looks, in milliseconds.
    private static let interval: Int32 = 1000

    private let policyFiles: @Sendable () -> [String]
    private let resolve: @Sendable (String) -> String
    private let changes: Lock<FileChanges>
    private let isStopped = Atomic<Bool>(false)
    private let wake: WakeUp

    /// `policyFiles` gives the paths of the files that are policies now. `named` are the paths in them, which `resolve` turns
    /// into some of the file system. The files are looked at for the first time here.
    init(
        policyFiles: @escaping @Sendable () -> [String], named: [String],
        resolve: @escaping @Sendable (String) -> String
    ) throws(SystemError) {
        self.policyFiles = policyFiles
        self.resolve = resolve
        changes = Lock(FileChanges(policies: Self.stamps(policyFiles()), named: Self.stamps(named.map(resolve))))
        wake = try WakeUp(blocking: false)
    }

    /// From now on the policies name these. To be called before any of them is read.
    func follow(named: [String]) {
        let stamps = Self.stamps(named.map(resolve))
        changes.withLock { $0.follow(named: stamps) }
    }

    /// Looks until it is stopped. `reload` is called on this thread.
    func run(_ reload: () -> Void) {
        while true {
            wake.wait(milliseconds: Self.interval)
            if isStopped.load(ordering: .acquiring) { return }
            if look() { reload() }
        }
    }

    /// Whether it is time to read the files again.
    func look() -> Bool {
        let policies = Self.stamps(policyFiles())
        let named = Self.stamps(changes.withLock { $0.named })
        return changes.withLock { $0.look(policies: policies, named: named) }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.wake()
    }

    /// What each of the files is now, where a link leads to; nil for one that is not there.
    private static func stamps(_ paths: [String]) -> FileChanges.Stamps {
        Dictionary(paths.map { ($0, FileStamp(of: $0)) }) { first, _ in first }
    }
}

/// What has become of some files since they were last read.
struct FileChanges: Sendable {
    /// By path; nil where there is no file.
    typealias Stamps = [String: FileStamp?]

    /// As they were when they were last read, or at least asked for.
    private var read: State
    /// As they were at the last look, where that was otherwise.
    private var seen: State?
    /// Looks in a row that found something else than the one before.
    private var restlessLooks = 0
    /// A file that is never at rest must not keep all others from being read.
    private static let patience = 5

    private struct State: Sendable, Equatable {
        var policies: Stamps
        var named: Stamps
    }

    init(policies: Stamps, named: Stamps) {
        read = State(policies: policies, named: named)
    }

    /// The files that the policies name.
    var named: [String] { Array(read.named.keys) }

    /// What was not named before is about to be read as it is now; what was, is known.
    mutating func follow(named: Stamps) {
        read.named = Dictionary(uniqueKeysWithValues: named.map { ($0.key, read.named[$0.key] ?? $0.value) })
        seen = nil
    }

    /// Takes what a look has found; true where it is something else than what was read, and the same as at the look before, or
    /// has been no two looks the same for too long.
    /// Then it counts as read, whatever comes of it: files that are no good are not read again until they change.
    mutating func look(policies: Stamps, named: Stamps) -> Bool {
        let found = State(policies: policies, named: named.filter { read.named.keys.contains($0.key) })
        guard found != read else {
            (seen, restlessLooks) = (nil, 0)
            return false
        }
        guard found == seen || restlessLooks >= Self.patience else {
            seen = found
            restlessLooks += 1
            return false
        }
        (read, seen, restlessLooks) = (found, nil, 0)
        return true
    }
}
