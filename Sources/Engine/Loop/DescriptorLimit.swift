internal import Glibc

/// How many descriptors the process may have.
enum DescriptorLimit {
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
