import Crypto
import Glibc
import PolicyModel
import Testing

@testable import Engine

/// A channel of a worker, and the far end of its socket pair in the test's hand.
final class Wire {
    let owner: Recorder
    let channel: Channel
    private let far: Descriptor

    init(_ worker: Worker) throws {
        let (near, far) = try socketPair()
        owner = Recorder()
        channel = try worker.channel(over: near, owner: owner)
        self.far = Descriptor(owning: far)
    }

    // The channel keeps its worker, and the worker a channel that is open or waits to be flushed.
    deinit {
        channel.close()
        channel.worker.flushDirty()
    }

    /// What has arrived at the far end.
    func read() -> [UInt8] { allBytes(from: far.number) }

    /// Takes what has arrived at the far end, into a buffer that is there already; how much that was.
    @discardableResult
    func skip(_ buffer: inout [UInt8]) -> Int {
        var all = 0
        while true {
            // The buffer lives as long as the call, which writes no more than it holds.
            let result = unsafe buffer.withUnsafeMutableBytes { unsafe Socket.receive(far.number, into: $0) }
            guard case .bytes(let count) = result else { return all }
            all += count
        }
    }

    /// Sends from the far end.
    func write(_ bytes: [UInt8]) {
        // The array lives as long as the call.
        let result = unsafe bytes.withUnsafeBytes { unsafe Socket.send(far.number, $0) }
        guard case .sent(bytes.count) = result else {
            Issue.record("the far end could not send")
            return
        }
    }

    /// Sends from the far end as much as there is room for; how much that was.
    func offer(_ bytes: ArraySlice<UInt8>) -> Int {
        // The slice lives as long as the call.
        let result = unsafe bytes.withUnsafeBytes { unsafe Socket.send(far.number, $0) }
        guard case .sent(let count) = result else { return 0 }
        return count
    }

    /// Ends the far end's stream.
    func endSending() { Socket.endSending(far.number) }

    /// Queues so much that the kernel does not take all of it, and says how much.
    func block() -> Int {
        let count = 4 * 1024 * 1024
        channel.append([UInt8](repeating: 0xaa, count: count))
        channel.flush()
        #expect(channel.isBlocked)
        return count
    }

    /// Reads at the far end until the channel has nothing left to send; what came.
    func unblock() -> [UInt8] {
        var all = read()
        while channel.isBlocked {
            channel.flush()
            all += read()
        }
        return all
    }
}

extension Worker {
    /// A channel over `number`, which it owns.
    func channel(
        over number: Int32, tls: consuming TLSSession? = nil, isConnecting: Bool = false, owner: ChannelOwner
    ) throws -> Channel {
        guard let channel = open(Descriptor(owning: number), tls: tls, isConnecting: isConnecting, owner: owner) else {
            throw SystemError("open a channel")
        }
        return channel
    }
}

/// Where `descriptor` is bound.
func address(of descriptor: borrowing Descriptor) throws -> SocketAddress {
    guard let address = Socket.localAddress(of: descriptor) else { throw SystemError("ask for an address") }
    return address
}

/// Both ends of a connected pair of sockets, non-blocking.
func socketPair() throws -> (Int32, Int32) {
    var numbers: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, type, 0, &numbers) == 0 else { throw SystemError("make a socket pair") }
    return (numbers[0], numbers[1])
}

/// All that can be received from `number` now.
func allBytes(from number: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
        // The buffer lives as long as the call, which writes no more than it holds.
        let result = unsafe buffer.withUnsafeMutableBytes { unsafe Socket.receive(number, into: $0) }
        guard case .bytes(let count) = result else { return all }
        all += buffer[..<count]
    }
}

/// Notes what a channel tells.
final class Recorder: ChannelOwner {
    var received: [UInt8] = []
    var connects: [Int32?] = []
    var secured = 0
    var ends = 0
    var failures = 0
    var flushes = 0
    var deadlines = 0
    var allowance = Int.max
    /// How many bytes it still takes; the others it puts back.
    var room = Int.max
    /// Called with each of the events, after it was noted.
    var react: (() -> Void)?

    override func channelDidConnect(_ channel: Channel, error: Int32?) {
        connects.append(error)
        react?()
    }

    override func channelIsSecure(_ channel: Channel) { secured += 1 }
    override func allowance(for channel: Channel) -> Int { allowance }

    override func channel(_ channel: Channel, received bytes: Span<UInt8>) {
        let taken = min(room, bytes.count)
        room -= taken
        for index in 0..<taken { received.append(bytes[index]) }
        if taken < bytes.count { channel.keep(bytes.extracting(taken..<bytes.count)) }
        react?()
    }

    override func channelEnded(_ channel: Channel) { ends += 1 }
    override func channelFailed(_ channel: Channel) { failures += 1 }
    override func channelFlushed(_ channel: Channel) { flushes += 1 }

    override func deadlinePassed(now: Nanoseconds) {
        deadlines += 1
        react?()
    }
}
