import Testing

@testable import Engine

@Suite struct PollerTests {
    private func send(_ bytes: [UInt8], _ number: Int32) {
        _ = unsafe bytes.withUnsafeBytes { unsafe Socket.send(number, $0) }
    }

    @Test("tells what has become of a descriptor, with its key, as long as it is so")
    func events() throws {
        let poller = try Poller()
        let (one, other) = try socketPair()
        let near = Descriptor(owning: one)
        let far = Descriptor(owning: other)
        let key = UInt64(1) << 63 | 5
        try poller.add(near.number, [.readable, .hangup], key: key)
        #expect(poller.wait(milliseconds: 0) == 0)
        send([1], far.number)
        for _ in 0..<2 {
            #expect(poller.wait(milliseconds: 0) == 1)
            let event = poller.event(0)
            #expect(event.key == key)
            #expect(event.readiness.isReadable && !event.readiness.isWritable)
            #expect(!event.readiness.isPeerDone && !event.readiness.isBroken)
        }
        let received = allBytes(from: near.number)
        #expect(received == [1])
        #expect(poller.wait(milliseconds: 0) == 0)
        Socket.endSending(far.number)
        #expect(poller.wait(milliseconds: 0) == 1)
        #expect(poller.event(0).readiness.isPeerDone && !poller.event(0).readiness.isBroken)
        Socket.endSending(near.number)
        #expect(poller.wait(milliseconds: 0) == 1)
        #expect(poller.event(0).readiness.isBroken)
    }

    @Test("watches for what it was last told")
    func change() throws {
        let poller = try Poller()
        let (one, other) = try socketPair()
        let near = Descriptor(owning: one)
        let far = Descriptor(owning: other)
        try poller.add(near.number, [.readable], key: 1)
        send([1], far.number)
        poller.change(near.number, [.writable], key: 2)
        #expect(poller.wait(milliseconds: 0) == 1)
        #expect(poller.event(0).key == 2)
        #expect(poller.event(0).readiness.isWritable && !poller.event(0).readiness.isReadable)
        poller.change(near.number, [], key: 2)
        #expect(poller.wait(milliseconds: 0) == 0)
        poller.change(near.number, [.readable], key: 2)
        #expect(poller.wait(milliseconds: 0) == 1)
        poller.remove(near.number)
        #expect(poller.wait(milliseconds: 0) == 0)
    }

    @Test("a descriptor that is none is an error, and twice the same is one too")
    func refused() throws {
        let poller = try Poller()
        #expect(throws: SystemError.self) { try poller.add(-1, [.readable], key: 0) }
        let wake = try WakeUp(blocking: false)
        try poller.add(wake.number, [.readable], key: 0)
        #expect(throws: SystemError.self) { try poller.add(wake.number, [.readable], key: 1) }
    }

    @Test("more events than one batch come in the next")
    func batches() throws {
        let poller = try Poller()
        let wakes = try (0..<300).map { _ in try WakeUp(blocking: false) }
        var keys: Set<UInt64> = []
        for (index, wake) in wakes.enumerated() {
            try poller.add(wake.number, [.readable], key: UInt64(index))
            wake.wake()
        }
        for _ in 0..<2 {
            for index in 0..<poller.wait(milliseconds: 0) {
                let key = poller.event(index).key
                keys.insert(key)
                wakes[Int(key)].take()
            }
        }
        #expect(keys.count == 300)
        #expect(poller.event(256).key == 0)
    }
}
