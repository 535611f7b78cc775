internal import CPlatform
internal import Glibc

/// A thread of the system that runs one closure. Whoever drops it lets the thread go on alone; what the system keeps of it
/// goes with its end.
struct WorkerThread: ~Copyable, Sendable {
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
                if let argument = unsafe argument {
                    unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, body)
        guard result == 0 else {
            unsafe Unmanaged<Body>.fromOpaque(body).release()
            throw SystemError("start a thread", code: result)
        }
        _ = unsafe cp_name_thread(thread, name)
        self.thread = thread
    }

    deinit {
        pthread_detach(thread)
    }

    /// Waits for its end.
    consuming func join() {
        pthread_join(thread, nil)
        discard self
    }
}
