internal import CPlatform
internal import Glibc

/// An eventfd: one thread wakes another.
final class WakeUp: Sendable {
    private let descriptor: Descriptor

    init(blocking: Bool) throws(SystemError) {
        let number = eventfd(0, Int32(blocking ? EFD_CLOEXEC : EFD_CLOEXEC | EFD_NONBLOCK))
        guard number >= 0 else { throw SystemError("make an eventfd") }
        descriptor = Descriptor(owning: number)
    }

    /// Readable once woken, until ``take()``.
    var number: Int32 { descriptor.number }

    func wake() {
        eventfd_write(descriptor.number, 1)
    }

    /// Forgets that it was woken; a blocking one waits for it first.
    func take() {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(descriptor.number, &count)
    }
}
