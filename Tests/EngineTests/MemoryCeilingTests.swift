import Synchronization
import Testing

@testable import Engine

/// Memory as a test wants it.
private final class Memory: Sendable {
    let resident = Atomic<Int>(0)
    let giveBacks = Atomic<Int>(0)

    func ceiling(_ bytes: Int) -> MemoryCeiling {
        MemoryCeiling(
            bytes: bytes, resident: { self.resident.load(ordering: .relaxed) },
            giveBack: { self.giveBacks.wrappingAdd(1, ordering: .relaxed) })
    }

    func set(_ bytes: Int) { resident.store(bytes, ordering: .relaxed) }
}

@Suite struct MemoryCeilingTests {
    private let second: Nanoseconds = 1_000_000_000

    @Test("reached, still short, and left below 95 %")
    func findings() {
        let memory = Memory()
        var ceiling = memory.ceiling(1000)
        var now: Nanoseconds = 0
        func check(_ bytes: Int) -> MemoryCeiling.Finding {
            memory.set(bytes)
            now += second
            return ceiling.check(now: now)
        }
        #expect(check(999) == .nothing && !ceiling.isReached)
        #expect(check(1000) == .reached(1000) && ceiling.isReached)
        #expect(check(960) == .short && ceiling.isReached)
        #expect(check(950) == .short && ceiling.isReached)
        #expect(check(949) == .left(949) && !ceiling.isReached)
        #expect(check(999) == .nothing && !ceiling.isReached)
    }

    @Test("what is free is given back before anybody has to go")
    func giveBack() {
        let memory = Memory()
        var ceiling = MemoryCeiling(
            bytes: 1000, resident: { memory.resident.load(ordering: .relaxed) }, giveBack: { memory.set(500) })
        memory.set(2000)
        #expect(ceiling.check(now: second) == .nothing && !ceiling.isReached)
    }

    @Test("looked at once a second while it is far, ten times while it is near")
    func patience() {
        let memory = Memory()
        var ceiling = memory.ceiling(1000)
        #expect(ceiling.patience(now: 0) == 0)
        memory.set(499)
        #expect(ceiling.check(now: 0) == .nothing)
        #expect(ceiling.patience(now: 0) == 1000)
        memory.set(2000)
        #expect(ceiling.check(now: second - 1) == .nothing)
        #expect(ceiling.check(now: second) == .reached(2000))
        #expect(ceiling.patience(now: second) == 100)
        #expect(memory.giveBacks.load(ordering: .relaxed) == 1)
        ceiling.change(to: 4000)
        #expect(ceiling.patience(now: second) == 0)
        #expect(ceiling.check(now: second) == .left(2000))
    }

    @Test("what cannot be told changes nothing")
    func unknown() {
        let memory = Memory()
        let isKnown = Atomic<Bool>(true)
        var ceiling = MemoryCeiling(
            bytes: 1000,
            resident: { isKnown.load(ordering: .relaxed) ? memory.resident.load(ordering: .relaxed) : nil },
            giveBack: {})
        memory.set(1000)
        #expect(ceiling.check(now: second) == .reached(1000))
        isKnown.store(false, ordering: .relaxed)
        #expect(ceiling.check(now: 2 * second) == .short && ceiling.isReached)
        #expect(ceiling.patience(now: 2 * second) == 100)
    }

    @Test("the process's own memory, and what it may have")
    func system() throws {
        let resident = try #require(ResidentMemory().bytes())
        #expect(resident > 1 << 20)
        #expect(MemoryCeiling.available > resident)
        #expect(MemoryCeiling(bytes: nil).bytes == MemoryCeiling.available / 4 * 3)
    }
}
