internal import CPlatform
internal import Compression
internal import Crypto
internal import Glibc
internal import Middleware

/// What a worker has to do with its connections by and by, each with one deadline.
enum Chore: Int, CaseIterable {
    /// End them, since the gateway does.
    case drain
    /// Judge them by a policy that has changed.
    case recheck
    /// Close those that an operator wants gone.
    case closing
    /// Take new ones again, after a rest.
    case accepting
}

/// One event loop, on one thread: it owns its connections, and nothing of them is shared.
@safe final class Worker {
    /// The most plain bytes of a TLS record.
    static let recordBytes = 16 * 1024
    static let bufferBytes = 64 * 1024
    static let decryptedBytes = bufferBytes + recordBytes
    /// As much as may be queued before it is sent without waiting for the end of the wake-up. More would not be in the
    /// processor's cache any more by then.
    private static let cachedBytes = 128 * 1024
    /// Keys from here on belong to watchers, below to channels.
    private static let firstWatcherKey = UInt64(1) << 63

    let poller: Poller
    let pool = BufferPool()
    let transfer = TLSTransfer()
    /// Where sockets are received into.
    let received: UnsafeMutableRawBufferPointer
    /// Where TLS is decrypted into.
    let decrypted: UnsafeMutableRawBufferPointer
    /// The time of this wake-up.
    private(set) var now: Nanoseconds
    var random = RandomPool()
    var scratch = FilterScratch()
    /// Message buffers that are not in use.
    var messageBuffers = MessageBuffers()
    /// For compressed messages that refer to no other one.
    let streams = SharedStreams()

    /// What is to be done when a descriptor that is no channel's can be read, by its key.
    private var watchers: [() -> Void] = []
    /// Who is told of the deadlines that belong to no channel, by ``Chore``.
    private var housekeepers = [ChannelOwner?](repeating: nil, count: Chore.allCases.count)
    private var wheel: TimerWheel
    /// The first slots stay empty: their deadlines are the chores'.
    private var channels = [Channel?](repeating: nil, count: Chore.allCases.count)
    private var generations = [UInt32](repeating: 0, count: Chore.allCases.count)
    private var freeSlots: [Int] = []
    /// Released in this wake-up: taken again only in the next, so that no late event meets a new channel.
    private var releasedSlots: [Int] = []
    private var dirty: [Channel] = []
    /// Those of them that are being flushed.
    private var flushing: [Channel] = []
    /// Bytes that have been queued since what is queued was last sent.
    private var queuedBytes = 0
    private var due: [Int] = []
    /// Channels that hand on in the next wake-up what they have kept.
    private var resuming: [Channel] = []
    private var busyness: Busyness
    /// What peers have sent, counted.
    var traffic = TrafficCounts()
    /// How long wake-ups have taken: whatever came meanwhile has waited.
    private(set) var lag = Histogram()
    /// Bytes that wait in all channels together.
    private(set) var waiting = (toClients: 0, toUpstreams: 0)
    private var isStopping = false

    init() throws(SystemError) {
        poller = try Poller()
        now = SystemClock.monotonic()
        wheel = TimerWheel(now: now)
        busyness = Busyness(now: now, used: SystemClock.threadTime())
        unsafe received = .allocate(byteCount: Self.bufferBytes, alignment: 64)
        unsafe decrypted = .allocate(byteCount: Self.decryptedBytes, alignment: 64)
    }

    deinit {
        unsafe received.deallocate()
        unsafe decrypted.deallocate()
    }

    /// Has `react` called whenever `number` can be read. The worker does not own the descriptor. Gives the key that
    /// `number` has in the poller.
    @discardableResult
    func watch(_ number: Int32, _ react: @escaping () -> Void) throws(SystemError) -> UInt64 {
        let key = Self.firstWatcherKey + UInt64(watchers.count)
        try poller.add(number, [.readable], key: key)
        watchers.append(react)
        return key
    }

    /// Runs until ``stop()``.
    func run() {
        while !isStopping { turn() }
        // They may hold sessions and channels, which hold the worker.
        for chore in Chore.allCases { assign(chore, to: nil) }
        resuming = []
    }

    /// One wake-up: waits for what is due or has come, handles it, and flushes what that has queued.
    func turn() {
        let count = wait()
        resume()
        // What other threads have said comes first, so that a request that was sent after a policy was in force does not meet
        // the one before it (unless more descriptors are ready than one wait tells of).
        for index in 0..<count {
            let (key, _) = poller.event(index)
            if key >= Self.firstWatcherKey { watchers[Int(key - Self.firstWatcherKey)]() }
        }
        for index in 0..<count {
            let (key, readiness) = poller.event(index)
            if key < Self.firstWatcherKey { handle(key, readiness) }
            if queuedBytes >= Self.cachedBytes { flushDirty() }
        }
        fireTimers()
        flushDirty()
        freeSlots.append(contentsOf: releasedSlots)
        releasedSlots.removeAll(keepingCapacity: true)
    }

    /// Waits for events; how many have come.
    private func wait() -> Int {
        // The clock is read in memory that the kernel shares: this is no system call.
        lag.count(SystemClock.monotonic() - now)
        if busyness.isHigh { sched_yield() }
        let count = poller.wait(milliseconds: resuming.isEmpty ? wheel.wait(from: now) : 0)
        now = SystemClock.monotonic()
        busyness.look(now: now, used: SystemClock.threadTime())
        return count
    }

    /// Ends ``run()`` after this wake-up.
    func stop() {
        isStopping = true
    }

    private func handle(_ key: UInt64, _ readiness: Readiness) {
        let slot = Int(key & 0xffff_ffff)
        guard slot < channels.count, UInt64(generations[slot] & 0x7fff_ffff) == key >> 32, let channel = channels[slot]
        else {
            return
        }
        channel.handle(readiness)
    }

    private func resume() {
        guard !resuming.isEmpty else { return }
        var channels: [Channel] = []
        swap(&channels, &resuming)
        for channel in channels { channel.resume() }
    }

    private func fireTimers() {
        wheel.advance(to: now, into: &due)
        // One that another's deadline has put off meanwhile is not due any more.
        for slot in due where !wheel.isSet(slot) {
            (slot < housekeepers.count ? housekeepers[slot] : channels[slot]?.owner)?.deadlinePassed(now: now)
        }
        due.removeAll(keepingCapacity: true)
    }

    /// Sends what this wake-up has queued. A flush may queue more elsewhere (a paused peer goes on), so the list is walked
    /// until it is empty.
    func flushDirty() {
        while !dirty.isEmpty {
            swap(&dirty, &flushing)
            for index in flushing.indices { flushing[index].flushAtEndOfWakeUp() }
            flushing.removeAll(keepingCapacity: true)
        }
        queuedBytes = 0
    }
}

// MARK: - Channels

extension Worker {
    /// Opens a channel and watches it. nil where the system refuses to.
    func open(
        _ descriptor: consuming Descriptor, tls: consuming TLSSession? = nil, isConnecting: Bool = false,
        owner: ChannelOwner
    ) -> Channel? {
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
        } else {
            slot = channels.count
            channels.append(nil)
            generations.append(0)
        }
        // The generation is cut so that a channel's key never looks like a watcher's.
        let key = UInt64(generations[slot] & 0x7fff_ffff) << 32 | UInt64(slot)
        let channel = Channel(
            worker: self, slot: slot, key: key, descriptor: descriptor, tls: tls, isConnecting: isConnecting,
            owner: owner)
        do throws(SystemError) {
            try poller.add(channel.fileDescriptor, channel.initialInterest, key: key)
        } catch {
            channels[slot] = channel
            channel.close()
            return nil
        }
        channels[slot] = channel
        return channel
    }

    /// Takes a closed channel out of the table.
    func release(_ channel: Channel) {
        let slot = channel.slot
        guard slot < channels.count, channels[slot] === channel else { return }
        channels[slot] = nil
        generations[slot] &+= 1
        wheel.clear(slot)
        releasedSlots.append(slot)
    }

    /// Has the owner of `channel` told when `deadline` has passed, in place of the deadline it had.
    func setDeadline(_ deadline: Nanoseconds, for channel: Channel) {
        guard channel.isOpen else { return }
        wheel.set(channel.slot, at: deadline)
    }

    /// Who does this chore; nil where nobody does. The deadline of the one before is forgotten.
    func assign(_ chore: Chore, to housekeeper: ChannelOwner?) {
        housekeepers[chore.rawValue] = housekeeper
        wheel.clear(chore.rawValue)
    }

    func housekeeper(of chore: Chore) -> ChannelOwner? { housekeepers[chore.rawValue] }

    /// Has who does it told when `deadline` has passed.
    func setDeadline(_ deadline: Nanoseconds, for chore: Chore) {
        wheel.set(chore.rawValue, at: deadline)
    }

    /// Has `channel` hand on in the next wake-up what it has kept.
    func resumeLater(_ channel: Channel) {
        resuming.append(channel)
    }

    /// So many bytes more wait in a channel, or fewer.
    func noteWaiting(_ change: Int, towardUpstream: Bool) {
        if towardUpstream { waiting.toUpstreams += change } else { waiting.toClients += change }
    }

    /// Has `channel`, for which `count` bytes more are queued, flushed at the end of this wake-up.
    func markDirty(_ channel: Channel, queued count: Int = 0) {
        queuedBytes &+= count
        if channel.becomeDirty() { dirty.append(channel) }
    }
}
