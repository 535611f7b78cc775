internal import CPlatform
internal import Glibc

/// Watches the process's resident memory against a ceiling, often when it is near and seldom when it is far.
struct MemoryCeiling {
    enum Finding: Hashable {
        case nothing
        /// The ceiling has just been reached; resident bytes.
        case reached(Int)
        /// It is still reached.
        case short
        /// It is no longer reached; resident bytes.
        case left(Int)
    }

    private static let near: Nanoseconds = 100_000_000
    private static let far: Nanoseconds = 1_000_000_000

    private(set) var bytes: Int
    private(set) var isReached = false
    private var nextCheck: Nanoseconds = 0
    /// The process's memory in bytes, nil where it cannot be told now, and a way to give what is free back to the system;
    /// both are arguments so that tests can stand in for them.
    private let resident: () -> Int?
    private let giveBack: () -> Void

    /// nil: three quarters of what the system has for this process.
    init(
        bytes: Int?, resident: @escaping () -> Int? = ResidentMemory().bytes,
        giveBack: @escaping () -> Void = { cp_give_memory_back() }
    ) {
        self.bytes = Self.bytes(bytes)
        self.resident = resident
        self.giveBack = giveBack
    }

    mutating func change(to bytes: Int?) {
        self.bytes = Self.bytes(bytes)
        nextCheck = 0
    }

    /// The ceiling that a policy means which says this.
    static func bytes(_ bytes: Int?) -> Int { bytes ?? available / 4 * 3 }

    /// Milliseconds until it must be looked at.
    func patience(now: Nanoseconds) -> Int32 {
        Int32(clamping: max(0, (nextCheck - now + 999_999) / 1_000_000))
    }

    /// Looks, if it is time. Being reached ends at 95 % of the ceiling, so that it does not flutter.
    mutating func check(now: Nanoseconds) -> Finding {
        guard now >= nextCheck else { return .nothing }
        guard var resident = resident() else {
            // Nothing new is known, so what was found before holds.
            nextCheck = now.saturatingAdd(Self.near)
            return isReached ? .short : .nothing
        }
        if resident >= bytes || isReached {
            giveBack()
            resident = self.resident() ?? resident
        }
        nextCheck = now.saturatingAdd(resident < bytes / 2 ? Self.far : Self.near)
        let wasReached = isReached
        isReached = resident >= (wasReached ? bytes / 20 * 19 : bytes)
        if isReached { return wasReached ? .short : .reached(resident) }
        return wasReached ? .left(resident) : .nothing
    }

    /// The memory that this process may have: the machine's, or less where a control group says so.
    static var available: Int {
        let machine = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
        return min(machine, controlGroupLimit ?? machine)
    }

    /// `memory.max` of this process's control group (version 2), or of the container whose root it sees.
    private static var controlGroupLimit: Int? {
        let own = KernelFile("/proc/self/cgroup").text()?.split(separator: "\n").first { $0.hasPrefix("0::") }?
            .dropFirst(3)
        let folders = [own.map { "/sys/fs/cgroup\($0)" }, "/sys/fs/cgroup"].compactMap(\.self)
        let limits = folders.compactMap { folder in
            KernelFile("\(folder)/memory.max").text().flatMap { Int($0.prefix { $0.isNumber }) }
        }
        return limits.min()
    }
}

/// How much memory this process has resident. The file is held open: it must be readable when descriptors have run out.
final class ResidentMemory: Sendable {
    private let file = KernelFile("/proc/self/statm")

    /// nil where the system does not tell.
    func bytes() -> Int? {
        guard let fields = file.text()?.split(separator: " "), fields.count > 1, let pages = Int(fields[1]) else {
            return nil
        }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

/// A small file that the kernel writes, read as it is at each time.
private final class KernelFile: Sendable {
    private let descriptor: Descriptor

    init(_ path: String) {
        descriptor = Descriptor(owning: unsafe open(path, O_RDONLY | O_CLOEXEC))
    }

    func text() -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe pread(descriptor.number, $0.baseAddress, $0.count, 0)
        }
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}
