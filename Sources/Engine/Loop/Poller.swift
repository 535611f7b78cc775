internal import CPlatform
internal import Glibc

/// What a descriptor is watched for.
struct Interest: OptionSet {
    let rawValue: UInt32

    static let readable = Interest(rawValue: UInt32(EPOLLIN.rawValue))
    static let writable = Interest(rawValue: UInt32(EPOLLOUT.rawValue))
    /// The peer has said that it sends no more.
    static let hangup = Interest(rawValue: UInt32(EPOLLRDHUP.rawValue))
}

/// What has become of a descriptor.
struct Readiness {
    let mask: UInt32

    var isReadable: Bool { mask & UInt32(EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
    var isWritable: Bool { mask & UInt32(EPOLLOUT.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
    /// Both directions are over, or the connection was reset.
    var isBroken: Bool { mask & UInt32(EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
    var isPeerDone: Bool { mask & UInt32(EPOLLRDHUP.rawValue) != 0 }
}

/// epoll, level-triggered: a receive that takes all there is needs no second one to find that out.
@safe final class Poller {
    private let descriptor: Descriptor
    private let events: UnsafeMutableBufferPointer<epoll_event>
    private static let batch = 256

    init() throws(SystemError) {
        let number = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard number >= 0 else { throw SystemError("make an epoll") }
        descriptor = Descriptor(owning: number)
        unsafe events = .allocate(capacity: Self.batch)
        unsafe events.initialize(repeating: epoll_event())
    }

    deinit {
        unsafe events.deallocate()
    }

    /// Watches `number`; `key` comes back with its events.
    func add(_ number: Int32, _ interest: Interest, key: UInt64) throws(SystemError) {
        guard cp_epoll_control(descriptor.number, EPOLL_CTL_ADD, number, interest.rawValue, key) == 0 else {
            throw SystemError("watch a descriptor")
        }
    }

    func change(_ number: Int32, _ interest: Interest, key: UInt64) {
        _ = cp_epoll_control(descriptor.number, EPOLL_CTL_MOD, number, interest.rawValue, key)
    }

    func remove(_ number: Int32) {
        _ = cp_epoll_control(descriptor.number, EPOLL_CTL_DEL, number, 0, 0)
    }

    /// Waits for events, at most `milliseconds` (below zero: without end); the number that came.
    func wait(milliseconds: Int32) -> Int {
        let count = unsafe epoll_wait(descriptor.number, events.baseAddress, Int32(Self.batch), milliseconds)
        return max(0, Int(count))
    }

    /// An event of the last wait, by its index below what that returned.
    func event(_ index: Int) -> (key: UInt64, readiness: Readiness) {
        // The buffer's bounds are checked in debug builds; `index` is below what epoll_wait has filled.
        guard index < Self.batch, let base = unsafe events.baseAddress else { return (0, Readiness(mask: 0)) }
        let event = unsafe base + index
        return unsafe (cp_epoll_event_data(event), Readiness(mask: cp_epoll_event_mask(event)))
    }
}
