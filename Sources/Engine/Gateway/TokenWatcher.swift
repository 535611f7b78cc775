internal import Crypto
internal import Logging
import Synchronization
internal import TokenStore
internal import Tokens

/// Follows the token store: whatever another process writes there (a revocation, a new key) reaches the authority and the
/// workers within a quarter of a second. Runs on a thread of its own, since the store is a file.
final class TokenWatcher: Sendable {
    /// Between two looks, in milliseconds.
    private static let interval: Int32 = 200

    private let store: TokenStore
    private let authority: TokenAuthority
    private let inboxes: [Inbox]
    private let logger: Logger
    private let isStopped = Atomic<Bool>(false)
    private let wake: WakeUp

    init(store: TokenStore, authority: TokenAuthority, inboxes: [Inbox], logger: Logger) throws(SystemError) {
        self.store = store
        self.authority = authority
        self.inboxes = inboxes
        self.logger = logger
        wake = try WakeUp(blocking: false)
    }

    /// How far the store has been read.
    struct Position {
        var dataVersion: Int64?
        var sequence: Int64 = 0
        var isFailing = false
    }

    /// Reads what is new. The authority is told first, so that no handshake slips between it and the workers.
    func look(_ position: inout Position) {
        do throws(TokenStoreError) {
            let version = try store.dataVersion()
            guard version != position.dataVersion || position.isFailing else { return }
            let keys = try store.publicKeys()
            let (revocations, sequence) = try store.changes(since: position.sequence)
            authority.replaceKeys(keys.compactMap { Self.verificationKey($0) })
            if !revocations.isEmpty {
                authority.add(revocations)
                for inbox in inboxes { inbox.post(.revoked(revocations)) }
            }
            position.dataVersion = version
            position.sequence = sequence
            if position.isFailing { logger.notice("token store readable again", metadata: ["path": "\(store.path)"]) }
            position.isFailing = false
            authority.markUnavailable(false)
        } catch {
            // Nobody can say which tokens are revoked now: none is admitted until the store can be read again.
            authority.markUnavailable(true)
            if !position.isFailing { logger.error("token store unreadable, no token is admitted: \(error)") }
            position.isFailing = true
        }
    }

    private static func verificationKey(_ key: StoredPublicKey) -> VerificationKey? {
        switch key.algorithm {
        case .edDSA:
            guard let publicKey = try? Ed25519PublicKey(rawRepresentation: key.publicKey) else { return nil }
            return VerificationKey(id: key.id, algorithm: .edDSA, verifier: publicKey)
        }
    }

    /// Looks until it is stopped, beginning from `position`.
    func run(from position: Position) {
        var position = position
        var looks = 0
        while !isStopped.load(ordering: .acquiring) {
            wake.wait(milliseconds: Self.interval)
            look(&position)
            looks += 1
            if looks % 300 == 0 { authority.forgetExpired(now: SystemClock.unixMilliseconds() / 1000) }
        }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.wake()
    }
}
