internal import CPlatform
internal import Glibc
package import PolicyModel

/// The socket calls, with addresses as ``SocketAddress``. All sockets are non-blocking and closed on exec.
package enum Socket {
    /// A TCP socket that listens. Port 0 takes a free one; ``localAddress(of:)`` tells which.
    package static func listen(on address: SocketAddress, backlog: Int32 = 1024) throws(SystemError) -> Descriptor {
        let descriptor = try open(address.ip, for: "listen on \(address)")
        set(descriptor.number, SOL_SOCKET, SO_REUSEADDR, 1)
        if case .v6 = address.ip { set(descriptor.number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        // Accepted sockets have these from it (tcp(7)).
        prepare(descriptor.number)
        guard unsafe withNative(address, { pointer, length in unsafe bind(descriptor.number, pointer, length) }) == 0
        else {
            throw SystemError("bind \(address)")
        }
        guard Glibc.listen(descriptor.number, backlog) == 0 else { throw SystemError("listen on \(address)") }
        return descriptor
    }

    package enum Acceptance: ~Copyable {
        case connection(Descriptor, SocketAddress)
        /// Nobody waits.
        case none
        /// The process or the system has no descriptors or memory left.
        case exhausted
    }

    /// Takes one connection that waits.
    package static func accept(_ listener: Int32) -> Acceptance {
        while true {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            // The kernel writes at most `length` bytes into the storage.
            let number = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe cp_accept(listener, $0, &length)
                }
            }
            if number >= 0 {
                let descriptor = Descriptor(owning: number)
                guard let address = read(storage) else { continue }
                return .connection(descriptor, address)
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            default: return .none
            }
        }
    }

    /// A socket that is connected or on its way: it is writable once that is decided.
    package static func connect(to address: SocketAddress) throws(SystemError) -> Descriptor {
        let descriptor = try open(address.ip, for: "connect to \(address)")
        prepare(descriptor.number)
        let result = unsafe withNative(address) { pointer, length in
            unsafe Glibc.connect(descriptor.number, pointer, length)
        }
        guard result == 0 || errno == EINPROGRESS else { throw SystemError("connect to \(address)") }
        return descriptor
    }

    /// What became of a connect: nil where it has succeeded.
    package static func connectError(of number: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &value, &length) == 0 else { return errno }
        return value == 0 ? nil : value
    }

    /// The address that a socket is bound to.
    package static func localAddress(of descriptor: borrowing Descriptor) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor.number, $0, &length)
            }
        }
        return result == 0 ? read(storage) : nil
    }

    package enum Reception {
        case bytes(Int)
        /// Nothing is there now.
        case nothing
        case ended
        case failed
    }

    /// Receives what is there into `buffer`.
    static func receive(_ number: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Reception {
        while true {
            let count = unsafe recv(number, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .nothing
            default: return .failed
            }
        }
    }

    package enum Transmission {
        /// So many bytes are the kernel's now; fewer than given where its buffer is full.
        case sent(Int)
        case failed
    }

    /// Sends as much of `bytes` as the kernel takes now. Where the caller is about to end the stream behind them, they wait in
    /// the kernel for that, so that both are one packet.
    static func send(_ number: Int32, _ bytes: UnsafeRawBufferPointer, endFollows: Bool = false) -> Transmission {
        let flags = Int32(MSG_NOSIGNAL) | (endFollows ? Int32(MSG_MORE) : 0)
        while true {
            let count = unsafe Glibc.send(number, bytes.baseAddress, bytes.count, flags)
            if count >= 0 { return .sent(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .sent(0)
            default: return .failed
            }
        }
    }

    /// Says that nothing more will be sent.
    static func endSending(_ number: Int32) {
        shutdown(number, Int32(SHUT_WR))
    }

    private static func open(_ ip: IPAddress, for operation: String) throws(SystemError) -> Descriptor {
        var family = AF_INET6
        if case .v4 = ip { family = AF_INET }
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let number = socket(family, type, 0)
        guard number >= 0 else { throw SystemError(operation) }
        return Descriptor(owning: number)
    }

    /// Bytes that the kernel holds for the peer, which has not acknowledged them.
    static func unacknowledged(_ number: Int32) -> Int {
        var count: Int32 = 0
        // The kernel writes one int.
        guard unsafe ioctl(number, UInt(TIOCOUTQ), &count) == 0 else { return 0 }
        return Int(count)
    }

    /// Frames go out at once, and a peer that has vanished without a word is noticed: by probes where nothing is sent
    /// (after a minute, six of them), and by what it does not acknowledge for two minutes.
    private static func prepare(_ number: Int32) {
        let tcp = Int32(IPPROTO_TCP)
        set(number, tcp, TCP_NODELAY, 1)
        set(number, SOL_SOCKET, SO_KEEPALIVE, 1)
        set(number, tcp, TCP_KEEPIDLE, 60)
        set(number, tcp, TCP_KEEPINTVL, 10)
        set(number, tcp, TCP_KEEPCNT, 6)
        // Milliseconds.
        set(number, tcp, TCP_USER_TIMEOUT, 120_000)
    }

    private static func set(_ number: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = unsafe setsockopt(number, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Calls `body` with the address in the kernel's form, which lives as long as the call.
    private static func withNative<R>(
        _ address: SocketAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
    ) -> R {
        switch address.ip {
        case .v4(let value):
            var native = sockaddr_in()
            native.sin_family = sa_family_t(AF_INET)
            native.sin_port = address.port.bigEndian
            native.sin_addr.s_addr = value.bigEndian
            return unsafe withUnsafePointer(to: native) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .v6(let value):
            var native = sockaddr_in6()
            native.sin6_family = sa_family_t(AF_INET6)
            native.sin6_port = address.port.bigEndian
            unsafe withUnsafeMutableBytes(of: &native.sin6_addr) { bytes in
                // An in6_addr is 16 bytes in network order.
                unsafe bytes.storeBytes(of: value.bigEndian, as: UInt128.self)
            }
            return unsafe withUnsafePointer(to: native) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
    }

    private static func read(_ storage: sockaddr_storage) -> SocketAddress? {
        unsafe withUnsafeBytes(of: storage) { unsafe address(in: $0) }
    }

    /// The address that a `sockaddr` of either family holds.
    static func address(in bytes: UnsafeRawBufferPointer) -> SocketAddress? {
        // Each load is of a type whose size was compared with what is there.
        guard bytes.count >= MemoryLayout<sockaddr_in>.size else { return nil }
        switch unsafe Int32(bytes.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET:
            let native = unsafe bytes.loadUnaligned(as: sockaddr_in.self)
            let ip = IPAddress.v4(UInt32(bigEndian: native.sin_addr.s_addr))
            return SocketAddress(ip: ip, port: UInt16(bigEndian: native.sin_port))
        case AF_INET6:
            guard bytes.count >= MemoryLayout<sockaddr_in6>.size else { return nil }
            let native = unsafe bytes.loadUnaligned(as: sockaddr_in6.self)
            let value = unsafe withUnsafeBytes(of: native.sin6_addr) { unsafe $0.loadUnaligned(as: UInt128.self) }
            return SocketAddress(
                ip: IPAddress(ipv6: UInt128(bigEndian: value)), port: UInt16(bigEndian: native.sin6_port))
        default:
            return nil
        }
    }
}
