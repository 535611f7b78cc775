internal import Glibc

/// How many descriptors the process may have.
enum DescriptorLimit {
    /// What holds now; 0 where the system does not tell.
    static func current() -> UInt64 {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        return UInt64(limit.rlim_cur)
    }

    /// How many there are now; nil where the system does not tell, or there is no descriptor left to find out by. Not for
    /// a worker: it looks at each of them.
    static func used() -> Int? {
        guard let folder = unsafe opendir("/proc/self/fd") else { return nil }
        defer { unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        // `.`, `..`, and the folder itself.
        return max(0, count - 3)
    }

    /// Raises the soft limit to the hard one, as a server must: shells start programs with 1,024, which is enough for 500
    /// connections. Gives what holds afterwards.
    static func raise() -> UInt64 {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        let raised = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
        let result = unsafe withUnsafePointer(to: raised) {
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), $0)
        }
        return UInt64(result == 0 ? raised.rlim_cur : limit.rlim_cur)
    }
}
