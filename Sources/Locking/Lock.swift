internal import Glibc

/// A value that one thread at a time may reach.
///
/// It stands on `pthread_mutex_t`, and is the one kind of lock here in the place of `Synchronization.Mutex`, for two reasons.
/// Tools that look for data races (the thread sanitizer, helgrind) know when a pthread mutex is taken and given back; that
/// one's waiting is a futex call inside the standard library, which they do not see, and so they report every value that it
/// guards under contention. And on Linux it spins before it waits, and then waits by priority inheritance, which has the
/// kernel take part in each hand-over: the wrong price where more threads may want the lock than there are cores.
///
/// Whoever takes it again while holding it is stopped, rather than left to wait for itself.
@safe package final class Lock<Value: ~Copyable & Sendable>: @unchecked Sendable {
    // `@unchecked`: `value` is reached in `withLock` and nowhere else, by the thread that holds the mutex.
    @usableFromInline var value: Value
    // On the heap, since a mutex must never move.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    /// A lock that nobody holds.
    package init(_ value: consuming Value) {
        self.value = value
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        var attributes = pthread_mutexattr_t()
        unsafe pthread_mutexattr_init(&attributes)
        unsafe pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_ERRORCHECK))
        unsafe pthread_mutex_init(mutex, &attributes)
        unsafe pthread_mutexattr_destroy(&attributes)
    }

    deinit {
        // Nobody holds it: who does has a reference.
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Waits for the lock, runs `body` on the value, and gives the lock back, also where `body` throws.
    @inlinable package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        acquire()
        defer { release() }
        return try body(&value)
    }

    // The mutex is no part of what callers are compiled with.
    @usableFromInline func acquire() {
        let status = unsafe pthread_mutex_lock(mutex)
        precondition(status == 0, "a lock is taken again by the thread that holds it")
    }

    @usableFromInline func release() {
        unsafe pthread_mutex_unlock(mutex)
    }
}
