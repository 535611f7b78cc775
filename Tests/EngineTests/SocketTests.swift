import Glibc
import PolicyModel
import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct SocketTests {
    /// Waits until `number` is what `interest` asks for.
    private func wait(for number: Int32, _ interest: Interest) throws {
        let poller = try Poller()
        try poller.add(number, interest, key: 0)
        _ = poller.wait(milliseconds: -1)
    }

    private func option(_ number: Int32, _ level: Int32, _ name: Int32) -> Int32 {
        var value: Int32 = -1
        var length = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe getsockopt(number, level, name, &value, &length)
        return value
    }

    @Test("listens, connects, accepts, and bytes go both ways", arguments: ["127.0.0.1:0", "[::1]:0"])
    func loopback(text: String) throws {
        let listener = try Socket.listen(on: try #require(SocketAddress(text)))
        let bound = try address(of: listener)
        #expect(bound.port != 0)
        guard case .none = Socket.accept(listener.number) else {
            Issue.record("nobody has connected")
            return
        }
        let client = try Socket.connect(to: bound)
        try wait(for: client.number, [.writable])
        let error = Socket.connectError(of: client.number)
        #expect(error == nil)
        try wait(for: listener.number, [.readable])
        guard case .connection(let server, let peer) = Socket.accept(listener.number) else {
            Issue.record("somebody has connected")
            return
        }
        let own = try address(of: client)
        #expect(peer == own)
        // A peer that vanishes is to be noticed from either side.
        for number in [client.number, server.number] {
            #expect(option(number, SOL_SOCKET, SO_KEEPALIVE) == 1)
            #expect(option(number, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT) == 120_000)
            #expect(option(number, Int32(IPPROTO_TCP), TCP_KEEPIDLE) == 60)
            #expect(option(number, Int32(IPPROTO_TCP), TCP_KEEPINTVL) == 10)
            #expect(option(number, Int32(IPPROTO_TCP), TCP_KEEPCNT) == 6)
            #expect(option(number, Int32(IPPROTO_TCP), TCP_NODELAY) == 1)
        }
        let (status, flags) = (fcntl(server.number, F_GETFL), fcntl(server.number, F_GETFD))
        #expect(status & O_NONBLOCK != 0 && flags & FD_CLOEXEC != 0)
        for (from, to) in [(client.number, server.number), (server.number, client.number)] {
            let result = unsafe Array("hello".utf8).withUnsafeBytes { unsafe Socket.send(from, $0) }
            guard case .sent(5) = result else {
                Issue.record("not sent")
                return
            }
            try wait(for: to, [.readable])
            #expect(allBytes(from: to) == Array("hello".utf8))
        }
        Socket.endSending(client.number)
        try wait(for: server.number, [.readable])
        var buffer = [UInt8](repeating: 0, count: 8)
        let end = unsafe buffer.withUnsafeMutableBytes { unsafe Socket.receive(server.number, into: $0) }
        guard case .ended = end else {
            Issue.record("the stream has ended")
            return
        }
    }

    @Test("bytes behind which the end follows wait for it in the kernel")
    func endFollows() throws {
        let listener = try Socket.listen(on: try #require(SocketAddress("127.0.0.1:0")))
        let client = try Socket.connect(to: address(of: listener))
        try wait(for: listener.number, [.readable])
        guard case .connection(let server, _) = Socket.accept(listener.number) else {
            Issue.record("somebody has connected")
            return
        }
        let result = unsafe [UInt8](1...16).withUnsafeBytes { unsafe Socket.send(client.number, $0, endFollows: true) }
        guard case .sent(16) = result else {
            Issue.record("not sent")
            return
        }
        #expect(allBytes(from: server.number).isEmpty)
        Socket.endSending(client.number)
        try wait(for: server.number, [.readable])
        #expect(allBytes(from: server.number).count == 16)
    }

    @Test("nothing to receive, and nobody to send to")
    func nothing() throws {
        let (near, far) = try socketPair()
        let socket = Descriptor(owning: near)
        var buffer = [UInt8](repeating: 0, count: 8)
        guard case .nothing = unsafe buffer.withUnsafeMutableBytes({ unsafe Socket.receive(near, into: $0) }) else {
            Issue.record("nothing was sent")
            return
        }
        close(far)
        // A signal would end the test's process.
        guard case .failed = unsafe buffer.withUnsafeBytes({ unsafe Socket.send(socket.number, $0) }) else {
            Issue.record("nobody is there")
            return
        }
        guard case .failed = unsafe buffer.withUnsafeMutableBytes({ unsafe Socket.receive(-1, into: $0) }) else {
            Issue.record("not a descriptor")
            return
        }
    }

    @Test("a connect that is refused says so once it is decided")
    func refused() throws {
        // A port that was just free: bound, and never listened on.
        let listener = try Socket.listen(on: try #require(SocketAddress("127.0.0.1:0")))
        let free = try address(of: listener)
        _ = consume listener
        let client = try Socket.connect(to: free)
        try wait(for: client.number, [.writable])
        let error = Socket.connectError(of: client.number)
        #expect(error == ECONNREFUSED)
    }

    @Test("an address in use is an error that names it")
    func inUse() throws {
        let first = try Socket.listen(on: try #require(SocketAddress("127.0.0.1:0")))
        let taken = try address(of: first)
        let error = #expect(throws: SystemError.self) { _ = try Socket.listen(on: taken) }
        #expect(error?.code == EADDRINUSE)
        #expect(error?.description == "bind \(taken): Address already in use")
    }

    @Test("an IPv6 listener is for IPv6 alone")
    func onlyIPv6() throws {
        let listener = try Socket.listen(on: try #require(SocketAddress("[::1]:0")))
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        // The kernel writes no more than `length` bytes.
        let result = unsafe getsockopt(listener.number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &value, &length)
        #expect(result == 0 && value == 1)
    }
}
