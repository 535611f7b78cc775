import Crypto
import Glibc
import PolicyModel
import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct ChannelTests {
    private let worker: Worker
    private let wire: Wire

    init() throws {
        worker = try Worker()
        wire = try Wire(worker)
    }

    @Test("what is queued is sent at the end of the wake-up, in its order")
    func deferred() {
        wire.channel.append([1, 2])
        wire.channel.append(2) { span in
            span[0] = 3
            span[1] = 4
        }
        #expect(wire.channel.queuedBytes == 4)
        #expect(wire.read().isEmpty)
        worker.flushDirty()
        #expect(wire.read() == [1, 2, 3, 4])
        #expect(wire.channel.queuedBytes == 0 && wire.owner.flushes == 1)
    }

    @Test("no more is received than the owner allows, and the rest comes later")
    func allowance() {
        wire.owner.allowance = 3
        wire.write([1, 2, 3, 4, 5])
        worker.turn()
        #expect(wire.owner.received == [1, 2, 3])
        worker.turn()
        #expect(wire.owner.received == [1, 2, 3, 4, 5])
    }

    @Test("H22 one that is not read keeps nothing, and goes on where it was")
    func pause() {
        wire.channel.setReading(false)
        wire.write([1])
        worker.setDeadline(0, for: .drain)
        worker.turn()
        #expect(wire.owner.received.isEmpty)
        wire.channel.setReading(true)
        worker.turn()
        #expect(wire.owner.received == [1])
    }

    @Test("a pause costs epoll nothing until the peer says something in it")
    func lazyPause() {
        let all: Interest = [.readable, .hangup]
        wire.channel.setReading(false)
        wire.channel.setReading(true)
        wire.channel.setReading(false)
        #expect(wire.channel.interest == all)
        wire.write([1])
        worker.setDeadline(0, for: .drain)
        worker.turn()
        #expect(wire.channel.interest == [] && wire.owner.received.isEmpty)
        wire.channel.setReading(true)
        #expect(wire.channel.interest == all)
        worker.setDeadline(0, for: .drain)
        worker.turn()
        #expect(wire.owner.received == [1])
    }

    @Test("a hang-up in a pause is told where it is watched for, also behind bytes, and else at the next read")
    func hangupInPause() {
        wire.channel.setReading(false, watchingHangup: true)
        wire.write([1])
        worker.setDeadline(0, for: .drain)
        worker.turn()
        #expect(wire.channel.interest == [.hangup] && wire.owner.failures == 0)
        wire.channel.setReading(false)
        wire.endSending()
        worker.setDeadline(0, for: .drain)
        worker.turn()
        #expect(wire.channel.interest == [] && wire.owner.failures == 0)
        wire.channel.setReading(false, watchingHangup: true)
        worker.setDeadline(0, for: .drain)
        worker.turn()
        #expect(wire.owner.failures == 1)
    }

    @Test("an end is told once")
    func endOnce() {
        wire.endSending()
        worker.setDeadline(0, for: .drain)
        worker.turn()
        #expect(wire.owner.ends == 1 && wire.channel.interest == [])
        worker.setDeadline(0, for: .drain)
        worker.turn()
        #expect(wire.owner.ends == 1)
    }

    @Test("what its owner puts back comes again once it is read, before what comes later, as often as that takes")
    func kept() {
        wire.owner.room = 2
        wire.write([1, 2, 3, 4, 5])
        worker.turn()
        #expect(wire.owner.received == [1, 2] && !wire.channel.isReading)
        wire.write([6])
        for (room, received) in [(2, [1, 2, 3, 4]), (0, [1, 2, 3, 4]), (1, [1, 2, 3, 4, 5])] as [(Int, [UInt8])] {
            wire.owner.room = room
            wire.channel.setReading(true)
            worker.turn()
            #expect(wire.owner.received == received)
        }
        wire.owner.room = 9
        worker.turn()
        #expect(wire.owner.received == [1, 2, 3, 4, 5, 6])
    }

    @Test("what is put back is neither told nor kept after a close")
    func keptThenClosed() {
        wire.owner.room = 1
        wire.write([1, 2])
        worker.turn()
        wire.channel.setReading(true)
        wire.channel.close()
        worker.setDeadline(0, for: .drain)
        worker.turn()
        #expect(wire.owner.received == [1])
    }

    @Test("a channel that is paused again before the next wake-up keeps what it has")
    func keptAndPaused() {
        wire.owner.room = 1
        wire.write([1, 2])
        worker.turn()
        wire.owner.room = 9
        wire.channel.setReading(true)
        wire.channel.setReading(false)
        worker.turn()
        #expect(wire.owner.received == [1])
        wire.channel.setReading(true)
        worker.turn()
        #expect(wire.owner.received == [1, 2])
    }

    @Test("a kernel that takes no more blocks the channel until the peer reads; nothing is lost")
    func blocked() {
        let count = wire.block()
        wire.channel.append([1])
        #expect(wire.channel.queuedBytes > 0)
        var received = wire.read()
        while wire.channel.isBlocked {
            worker.turn()
            received += wire.read()
        }
        #expect(received.count == count + 1 && received.last == 1)
        #expect(wire.channel.queuedBytes == 0)
        // Nothing is left to be told of: a wake-up comes from the timer alone.
        let flushes = wire.owner.flushes
        worker.setDeadline(0, for: .drain)
        worker.turn()
        #expect(wire.owner.flushes == flushes)
    }

    @Test("blocked since the kernel last took something")
    func blockedSince() {
        _ = wire.block()
        #expect(wire.channel.blockedSince == worker.now)
        worker.setDeadline(0, for: .drain)
        worker.turn()
        #expect(wire.channel.blockedSince < worker.now)
        _ = wire.read()
        wire.channel.flush()
        #expect(wire.channel.isBlocked && wire.channel.blockedSince == worker.now)
    }

    @Test("an end is told once, and the channel still sends")
    func ended() {
        wire.endSending()
        worker.turn()
        worker.setDeadline(0, for: .drain)
        worker.turn()
        #expect(wire.owner.ends == 1 && wire.channel.isOpen)
        wire.channel.append([1])
        worker.flushDirty()
        #expect(wire.read() == [1])
    }

    @Test("finish sends what is queued, then the end; nothing after it")
    func finish() throws {
        wire.channel.append([1])
        wire.channel.finish()
        wire.channel.append([2])
        #expect(!wire.channel.isWritable)
        worker.flushDirty()
        #expect(wire.read() == [1])
        // The far end of the far end: its own end brings the whole to an end.
        wire.write([3])
        worker.turn()
        #expect(wire.owner.received == [3])
    }

    @Test("close ends at once: later calls are nothing")
    func close() {
        wire.channel.append([1])
        wire.channel.close()
        wire.channel.close()
        wire.channel.append([2])
        wire.channel.setReading(true)
        wire.channel.finish()
        worker.flushDirty()
        #expect(wire.read().isEmpty && !wire.channel.isOpen && wire.channel.queuedBytes == 0)
        #expect(wire.owner.flushes == 0 && wire.owner.failures == 0)
    }

    @Test("a peer that has gone is told of, also where it is not read")
    func gone() throws {
        let (near, far) = try socketPair()
        let owner = Recorder()
        let channel = try worker.channel(over: near, owner: owner)
        channel.setReading(false)
        Glibc.close(far)
        worker.turn()
        #expect(owner.failures == 1)
        channel.close()
    }

    @Test("a connect is decided, for good or not", arguments: [true, false])
    func connect(listens: Bool) throws {
        let listener = try Socket.listen(on: try #require(SocketAddress("127.0.0.1:0")))
        let bound = try address(of: listener)
        if !listens { Glibc.shutdown(listener.number, Int32(SHUT_RDWR)) }
        let owner = Recorder()
        let channel = try worker.channel(
            over: Socket.connect(to: bound).release(), isConnecting: true, owner: owner)
        while owner.connects.isEmpty { worker.turn() }
        #expect(owner.connects == [listens ? nil : ECONNREFUSED])
        channel.close()
    }

    @Test("what is queued before a connect is decided goes out after it")
    func earlyBytes() throws {
        let listener = try Socket.listen(on: try #require(SocketAddress("127.0.0.1:0")))
        let bound = try address(of: listener)
        let owner = Recorder()
        let channel = try worker.channel(
            over: Socket.connect(to: bound).release(), isConnecting: true, owner: owner)
        channel.append([1, 2, 3])
        worker.flushDirty()
        while owner.connects.isEmpty { worker.turn() }
        #expect(channel.queuedBytes == 0)
        channel.close()
    }
}

@Suite(.timeLimit(.minutes(1))) struct SecureChannelTests {
    @Test("a handshake, then bytes both ways, more than one buffer of them")
    func bytes() throws {
        let pair = try SecurePair()
        pair.shakeHands()
        let large = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        pair.server.channel.append(large)
        pair.client.channel.append([1, 2, 3])
        pair.worker.flushDirty()
        while pair.client.owner.received.count < large.count || pair.server.owner.received.count < 3 {
            pair.worker.turn()
        }
        #expect(pair.client.owner.received == large)
        #expect(pair.server.owner.received == [1, 2, 3])
        #expect(pair.server.channel.queuedBytes == 0)
    }

    @Test("what is queued before the handshake goes out after it")
    func early() throws {
        let pair = try SecurePair()
        pair.client.channel.append([1, 2])
        pair.server.channel.append([3])
        pair.worker.flushDirty()
        pair.shakeHands()
        while pair.server.owner.received.isEmpty || pair.client.owner.received.isEmpty { pair.worker.turn() }
        #expect(pair.server.owner.received == [1, 2] && pair.client.owner.received == [3])
    }

    @Test("finish is a close_notify, which the other side takes for the end")
    func finish() throws {
        let pair = try SecurePair()
        pair.shakeHands()
        pair.server.channel.append([9])
        pair.server.channel.finish()
        pair.worker.flushDirty()
        while pair.client.owner.ends == 0 { pair.worker.turn() }
        #expect(pair.client.owner.received == [9] && pair.client.owner.failures == 0)
    }

    @Test("an end that comes behind bytes that were put back is told after them")
    func keptBeforeEnd() throws {
        let pair = try SecurePair()
        pair.shakeHands()
        pair.client.owner.room = 1
        pair.server.channel.append([1, 2, 3])
        pair.server.channel.finish()
        pair.worker.flushDirty()
        while pair.client.owner.received.isEmpty { pair.worker.turn() }
        pair.worker.setDeadline(0, for: .drain)
        pair.worker.turn()
        #expect(pair.client.owner.received == [1] && pair.client.owner.ends == 0)
        pair.client.owner.room = 9
        pair.client.channel.setReading(true)
        while pair.client.owner.ends == 0 { pair.worker.turn() }
        #expect(pair.client.owner.received == [1, 2, 3])
    }

    @Test("H22 a buffer more than its owner takes is put back whole, also where it comes in several")
    func keptInSeveral() throws {
        let pair = try SecurePair()
        pair.shakeHands()
        pair.client.owner.room = 5
        let large = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        pair.server.channel.append(large)
        pair.worker.flushDirty()
        while pair.client.owner.received.count < large.count {
            pair.worker.turn()
            guard !pair.client.channel.isReading else { continue }
            pair.client.owner.room = 7_001
            pair.client.channel.setReading(true)
        }
        #expect(pair.client.owner.received == large)
    }

    @Test("an authority that is not trusted ends the handshake on both sides")
    func untrusted() throws {
        let other = try CertificateFolder(hosts: ["localhost"])
        let pair = try SecurePair(clientTrusts: other.authority)
        pair.client.channel.startHandshake()
        pair.worker.flushDirty()
        while pair.client.owner.failures == 0 || pair.server.owner.failures == 0 { pair.worker.turn() }
        #expect(pair.client.owner.secured == 0 && pair.server.owner.secured == 0)
    }
}
