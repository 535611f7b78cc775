import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct WorkerTests {
    @Test("watchers are told when their descriptor can be read")
    func watch() throws {
        let worker = try Worker()
        let wake = try WakeUp(blocking: false)
        var count = 0
        try worker.watch(wake.number) { [unowned worker] in
            wake.take()
            count += 1
            worker.stop()
        }
        wake.wake()
        worker.run()
        #expect(count == 1)
    }

    @Test("a deadline that has passed is told once, to the channel's owner or to the housekeeper")
    func deadlines() throws {
        let worker = try Worker()
        let wire = try Wire(worker)
        let housekeeper = Recorder()
        worker.assign(.drain, to: housekeeper)
        worker.setDeadline(worker.now, for: wire.channel)
        worker.setDeadline(worker.now, for: .drain)
        while wire.owner.deadlines == 0 || housekeeper.deadlines == 0 { worker.turn() }
        wire.write([1])
        worker.turn()
        #expect(wire.owner.deadlines == 1 && housekeeper.deadlines == 1)
    }

    @Test("chores do not get in each other's way, and one that nobody does has no deadline")
    func chores() throws {
        let worker = try Worker()
        let housekeepers = Chore.allCases.map { _ in Recorder() }
        for (chore, housekeeper) in zip(Chore.allCases, housekeepers) {
            worker.assign(chore, to: housekeeper)
            worker.setDeadline(worker.now, for: chore)
        }
        worker.assign(.recheck, to: nil)
        while housekeepers.map(\.deadlines) != [1, 0, 1, 1] { worker.turn() }
        #expect(worker.housekeeper(of: .recheck) == nil)
        #expect(worker.housekeeper(of: .closing) === housekeepers[2])
    }

    @Test("a deadline that is put off while others fire does not fire with them")
    func putOff() throws {
        let worker = try Worker()
        let wires = try (0..<2).map { _ in try Wire(worker) }
        for (wire, other) in [(wires[0], wires[1]), (wires[1], wires[0])] {
            wire.owner.react = { [unowned worker, unowned other] in worker.setDeadline(.max, for: other.channel) }
            worker.setDeadline(0, for: wire.channel)
        }
        while wires.allSatisfy({ $0.owner.deadlines == 0 }) { worker.turn() }
        #expect(wires.map(\.owner.deadlines).reduce(0, +) == 1)
    }

    @Test("a closed channel's deadline is forgotten, and its place taken again with a key of its own")
    func slots() throws {
        let worker = try Worker()
        let first = try Wire(worker)
        worker.setDeadline(0, for: first.channel)
        first.channel.close()
        worker.setDeadline(0, for: first.channel)
        // The place is free once the wake-up is over.
        let second = try Wire(worker)
        #expect(second.channel.slot != first.channel.slot)
        second.write([1])
        worker.turn()
        let third = try Wire(worker)
        #expect(third.channel.slot == first.channel.slot && third.channel.key != first.channel.key)
        third.write([2])
        worker.turn()
        #expect(third.owner.received == [2] && first.owner.deadlines == 0 && third.owner.deadlines == 0)
    }

    @Test("one channel's bytes may close another in the same wake-up")
    func closeOther() throws {
        let worker = try Worker()
        let wires = try (0..<2).map { _ in try Wire(worker) }
        for (wire, other) in [(wires[0], wires[1]), (wires[1], wires[0])] {
            wire.owner.react = { [unowned other] in other.channel.close() }
            wire.write([1])
        }
        worker.turn()
        #expect(wires.filter { $0.channel.isOpen }.count == 1)
        #expect(wires.map(\.owner.received.count).reduce(0, +) == 1)
    }

    @Test("what a flush queues elsewhere goes out in the same wake-up")
    func flushChain() throws {
        final class Forwarder: ChannelOwner {
            var target: Channel?
            override func channelFlushed(_ channel: Channel) { target?.append([7]) }
        }
        let worker = try Worker()
        let target = try Wire(worker)
        let (near, far) = try socketPair()
        let forwarder = Forwarder()
        forwarder.target = target.channel
        let source = try worker.channel(over: near, owner: forwarder)
        let other = Descriptor(owning: far)
        source.append([1])
        worker.flushDirty()
        let sent = allBytes(from: other.number)
        #expect(sent == [1])
        #expect(target.read() == [7])
        source.close()
        worker.flushDirty()
    }

    @Test("a descriptor that cannot be watched is no channel")
    func refused() throws {
        let worker = try Worker()
        #expect(throws: SystemError.self) { try worker.channel(over: -1, owner: Recorder()) }
    }
}
