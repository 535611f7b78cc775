internal import Glibc

/// What every process is asked for: memory, descriptors, processor time.
struct ProcessFigures: Sendable {
    private let memory = ResidentMemory()

    /// Adds what the system tells; what it does not tell now is left out.
    func add(to counts: inout Counts) {
        if let bytes = memory.bytes() { counts.add(.residentMemory, count: Int64(bytes)) }
        if let open = Self.openDescriptors() { counts.add(.openDescriptors, count: Int64(open)) }
        var limit = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            counts.add(.maximumDescriptors, count: Int64(clamping: limit.rlim_cur))
        }
        counts.add(.cpuSeconds, count: SystemClock.processTime())
    }

    /// nil where there is no descriptor left to find out by.
    private static func openDescriptors() -> Int? {
        guard let folder = unsafe opendir("/proc/self/fd") else { return nil }
        defer { unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        // Without `.`, `..` and the folder's own.
        return max(0, count - 3)
    }
}
