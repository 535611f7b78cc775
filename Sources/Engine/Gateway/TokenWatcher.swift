internal import Crypto
internal import Logging
import Synchronization
internal import TokenStore
internal import Tokens

/// Follows the token store: whatever another process writes there (a revocation, a new key) reaches the authority and the
/// workers within a quarter of a second. From time to time it removes from the store what has expired. Runs on a thread of its
/// own, since the store is a file.
final class TokenWatcher: Sendable {
    /// Between two looks, in milliseconds.
    private static let interval: Int32 = 200

    /// Keys end with time alone, and what has expired is removed: every so many looks, which is a minute.
    private static let looksBetweenUpkeeps = 300

    /// What is revoked is read anew, so that nothing stays in memory that the store has forgotten: every so many upkeeps.
    private static let upkeepsBetweenReloads = 10

    /// Rows of each kind that one look removes at most: some milliseconds, in which no other process can write.
    private static let pruneLimit = 100

    private let stateDirectory: String
    private let authority: TokenAuthority
    private let signer: CurrentSigner
    private let inboxes: [Inbox]
    private let metrics: GatewayMetrics
    private let logger: Logger
    private let isStopped = Atomic<Bool>(false)
    private let wake: WakeUp

    init(
        stateDirectory: String, authority: TokenAuthority, signer: CurrentSigner = CurrentSigner(), inboxes: [Inbox],
        metrics: GatewayMetrics = GatewayMetrics(), logger: Logger
    ) throws(SystemError) {
        self.stateDirectory = stateDirectory
        self.authority = authority
        self.signer = signer
        self.metrics = metrics
        self.inboxes = inboxes
        self.logger = logger
        wake = try WakeUp(blocking: false)
    }

    /// How far the store has been read.
    struct Position {
        var store: TokenStore
        var dataVersion: Int64?
        var sequence: Int64 = 0
        var isFailing = false
        /// Whether there may be something left to remove.
        var isPruning = false
        var isPruneFailing = false

        init(_ store: TokenStore) {
            self.store = store
        }
    }

    /// Reads what is new. The authority is told first, so that no handshake slips between it and the workers.
    func look(_ position: inout Position, now: Int64 = SystemClock.unixSeconds()) {
        do throws(TokenStoreError) {
            let version = try position.store.dataVersion()
            guard version != position.dataVersion || position.isFailing else { return }
            let keys = try position.store.verificationKeys(now: now)
            let (revocations, sequence) = try position.store.changes(since: position.sequence)
            // A key that cannot be read is as good as none: its tokens are refused.
            authority.replaceKeys(keys.compactMap { try? VerificationKey($0) })
            signer.replace(by: try position.store.currentSigningKey().flatMap { try? Ed25519PrivateKey($0) })
            if !revocations.isEmpty {
                authority.add(revocations)
                for inbox in inboxes { inbox.post(.revoked(revocations)) }
            }
            position.dataVersion = version
            position.sequence = sequence
            if position.isFailing {
                logger.notice("token store readable again", metadata: ["path": "\(position.store.path)"])
            }
            position.isFailing = false
            authority.markUnavailable(false)
            metrics.storeIsAvailable(true)
        } catch {
            // Nobody can say which tokens are revoked now: none is admitted until the store can be read again.
            authority.markUnavailable(true)
            metrics.storeIsAvailable(false)
            metrics.add(.tokenStoreFailures, "read")
            if !position.isFailing { logger.error("token store unreadable, no token is admitted: \(error)") }
            position.isFailing = true
            reopen(&position)
        }
    }

    /// Another file may stand there by now. It is read from its beginning at the next look.
    private func reopen(_ position: inout Position) {
        guard let store = try? TokenStore(stateDirectory: stateDirectory, createIfMissing: false) else { return }
        position.store = store
        position.dataVersion = nil
        position.sequence = 0
    }

    /// What need not be done at every look: has the next one read the keys again, and the store give up what has expired.
    func keepUp(_ position: inout Position) {
        position.dataVersion = nil
        position.isPruning = true
    }

    /// Has the authority forget what the store has forgotten.
    func reload(_ position: Position) {
        // What cannot be read now is what the next look will tell of.
        guard let (revocations, _) = try? position.store.changes(since: 0) else { return }
        authority.replaceRevocations(RevocationSet(revocations))
    }

    /// Removes some of what has expired. A store that cannot be written can still be read: nobody is refused for it.
    func prune(_ position: inout Position, now: Int64 = SystemClock.unixSeconds()) {
        guard position.isPruning else { return }
        do throws(TokenStoreError) {
            position.isPruning = try position.store.prune(now: now, limit: Self.pruneLimit)
            position.isPruneFailing = false
        } catch {
            metrics.add(.tokenStoreFailures, "prune")
            if !position.isPruneFailing { logger.warning("expired tokens stay in the store: \(error)") }
            position.isPruneFailing = true
            position.isPruning = false
        }
    }

    /// Looks until it is stopped, beginning from `position`.
    func run(from position: Position) {
        var position = position
        var looks = 0
        while !isStopped.load(ordering: .acquiring) {
            wake.wait(milliseconds: Self.interval)
            looks += 1
            if looks % Self.looksBetweenUpkeeps == 0 { keepUp(&position) }
            look(&position)
            if looks % (Self.looksBetweenUpkeeps * Self.upkeepsBetweenReloads) == 0 { reload(position) }
            prune(&position)
        }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.wake()
    }
}
