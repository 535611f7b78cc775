internal import Crypto
internal import Glibc

/// A byte stream to one peer, over TCP or over TLS over TCP: what the handshake and the relay speak to.
///
/// Bytes to be sent queue up, and are sent at the end of the wake-up, all sockets together. A channel that is idle holds
/// no buffer. Bound to its worker's thread. What it does on events is in `Channel+Receiving`, how it sends in
/// `Channel+Sending`; both change its state, and nobody else does.
final class Channel {
    /// Kept by its channels, and they by its table until they are closed.
    let worker: Worker
    /// The channel's place in its worker's table.
    let slot: Int
    /// The number of the descriptor's key in epoll.
    let key: UInt64
    /// nil once the channel is closed.
    private(set) var owner: ChannelOwner?

    private var descriptor: Descriptor?
    let number: Int32
    let tls: TLSSession?
    var isSecure: Bool
    var isConnecting: Bool

    /// What waits to be encrypted, or to be sent where there is no TLS.
    var queue: ByteQueue
    /// Bytes that wait, encrypted or not: asked more often than a queue is.
    private(set) var queuedBytes = 0 {
        didSet { worker.noteWaiting(queuedBytes - oldValue, towardUpstream: isTowardUpstream) }
    }
    private let isTowardUpstream: Bool
    /// Encrypted bytes that the kernel would not take.
    var sealed: ByteQueue
    /// Bytes that TLS has put into ``sealed`` on its own account since that was last empty.
    var unsentOverhead = 0
    /// More of it than a handshake can need. A peer that asks for key updates and does not read them is given up there.
    static let maximumOverhead = 64 * 1024
    private(set) var interest: Interest
    var isDirty = false
    var output = Output.open

    enum Output {
        case open
        /// What is queued is still sent, and then the end.
        case ending
        case ended
    }

    /// Whether the kernel's buffer is full, so that what is queued has to wait for the peer.
    var isBlocked = false
    /// Since when the kernel has taken nothing, while ``isBlocked``.
    var blockedSince: Nanoseconds = 0
    /// Bytes that the kernel has taken, and how many of them the peer had when that was last asked.
    var sentBytes = 0
    private var arrivedBytes = 0
    var isReading = true
    /// Whether the peer's hang-up is told while it is not read.
    private(set) var watchesHangup = false
    /// The peer has ended its stream: there is nothing left to read.
    var hasEnded = false
    /// Plain bytes that the owner has put back, and what came behind them in the same receive.
    var kept: ByteQueue
    /// Whether ``kept`` holds any: asked for every receive.
    var isKeeping = false
    /// The peer's end came behind bytes that are kept: it is told after them.
    var endIsKept = false

    /// A channel over a connected socket, or over one that is connecting.
    init(
        worker: Worker, slot: Int, key: UInt64, descriptor: consuming Descriptor, tls: consuming TLSSession?,
        isConnecting: Bool, owner: ChannelOwner
    ) {
        self.worker = worker
        self.slot = slot
        self.key = key
        number = descriptor.number
        self.descriptor = consume descriptor
        isSecure = tls == nil
        isTowardUpstream = isConnecting
        self.tls = consume tls
        self.isConnecting = isConnecting
        self.owner = owner
        queue = ByteQueue(pool: worker.pool)
        sealed = ByteQueue(pool: worker.pool)
        kept = ByteQueue(pool: worker.pool)
        interest = isConnecting ? [.writable] : [.readable, .hangup]
    }

    /// Has another owner told what happens from now on.
    func hand(to owner: ChannelOwner) {
        if isOpen { self.owner = owner }
    }

    /// The interest that the channel is to be registered with.
    var initialInterest: Interest { interest }
    var fileDescriptor: Int32 { number }
    var isOpen: Bool { owner != nil }
    /// See ``TLSSession/clientCertificate()``.
    func clientCertificate() -> String? { tls?.clientCertificate() }
    /// Of a channel over TLS whose handshake is complete: `1.3`, and whether it goes on with an earlier session.
    var tlsVersion: String { tls?.version() ?? "" }
    var hasResumedTLS: Bool { tls?.isResumed() ?? false }
    /// Whether more may be queued.
    var isWritable: Bool { output == .open && owner != nil }

    /// Queues `count` bytes that `body` writes; all of them are sent at the end of the wake-up.
    func append(_ count: Int, _ body: (inout MutableSpan<UInt8>) -> Void) {
        guard isWritable else { return }
        queue.append(count, body)
        noteQueued(count)
    }

    /// Queues `bytes`.
    func append(_ bytes: [UInt8]) {
        guard isWritable else { return }
        queue.append(bytes)
        noteQueued(bytes.count)
    }

    /// Has it sent that `count` bytes more are queued.
    func noteQueued(_ count: Int) {
        queuedBytes += count
        worker.markDirty(self, queued: count)
    }

    /// Notes what is queued after some of it was sent, or none.
    func noteSent(isDone: Bool) {
        queuedBytes = isDone ? 0 : queue.count + sealed.count
    }

    /// Sends what is queued, then the end of the stream (close_notify and FIN). The peer is still read.
    func finish() {
        guard output == .open, isOpen else { return }
        output = .ending
        worker.markDirty(self)
    }

    /// Ends the connection at once. What the kernel has is still sent by it; what is queued is lost.
    func close() {
        guard isOpen else { return }
        owner = nil
        queue.release()
        sealed.release()
        kept.release()
        queuedBytes = 0
        isKeeping = false
        descriptor = nil
        worker.release(self)
    }

    /// Gives up the socket, and is closed itself: another channel goes on with it.
    func detach() -> Descriptor? {
        guard isOpen else { return nil }
        worker.poller.remove(number)
        let descriptor = descriptor.take()
        close()
        return descriptor
    }

    /// Reads the peer, or leaves what it sends in the kernel: that is how it is told to wait.
    func setReading(_ reads: Bool, watchingHangup: Bool = false) {
        guard isOpen, !hasEnded else { return }
        isReading = reads
        watchesHangup = watchingHangup
        // What is kept comes first.
        if reads, isKeeping { worker.resumeLater(self) }
        // A peer that waits, and is soon read again, costs epoll nothing: see ``narrowInterest()``.
        setInterest(interest.union(wantedInterest))
    }

    /// Takes out of the interest what nobody wants to be told: called when it is told of, and not before. Level-triggered, it
    /// would be told again and again.
    func narrowInterest() {
        if isOpen { setInterest(wantedInterest) }
    }

    private var wantedInterest: Interest {
        let room = interest.intersection(.writable)
        guard !hasEnded else { return room }
        if isReading, !isKeeping { return room.union([.readable, .hangup]) }
        return watchesHangup ? room.union(.hangup) : room
    }

    /// Whether the peer, for which bytes wait, has taken some since this was last asked. The kernel holds megabytes for a slow
    /// peer, and says that there is room only when a third of them is gone; that a peer reads is seen here long before.
    func hasAdvanced() -> Bool {
        guard isOpen else { return false }
        let waiting = Socket.unacknowledged(number)
        let before = arrivedBytes
        arrivedBytes = sentBytes - waiting
        guard waiting > 0, arrivedBytes > before else { return false }
        if isBlocked { blockedSince = worker.now }
        return true
    }

    func setInterest(_ wanted: Interest) {
        guard wanted != interest else { return }
        interest = wanted
        worker.poller.change(number, wanted, key: key)
    }
}
