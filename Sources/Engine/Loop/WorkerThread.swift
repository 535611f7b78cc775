internal import Glibc

/// A thread of the system that runs one closure.
struct WorkerThread: Sendable {
    // pthread_t is an opaque number here.
    private let thread: pthread_t

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts `run` on a new thread of that name (at most 15 bytes are shown).
    init(_ name: String, _ run: @escaping @Sendable () -> Void) throws(SystemError) {
        var thread = pthread_t()
        // Taken back, once, by the thread's first lines.
        let body = unsafe Unmanaged.passRetained(Body(run)).toOpaque()
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument { unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, body)
        guard result == 0 else {
            unsafe Unmanaged<Body>.fromOpaque(body).release()
            throw SystemError("start a thread", code: result)
        }
        _ = unsafe pthread_setname_np(thread, String(name.prefix(15)))
        self.thread = thread
    }

    /// Waits for its end.
    func join() {
        pthread_join(thread, nil)
    }
}
