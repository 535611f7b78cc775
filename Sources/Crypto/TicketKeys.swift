internal import COpenSSL
internal import Locking

/// The keys that seal a listener's session tickets (RFC 5077; RFC 8446 section 4.6.1): one for new tickets, and the one before
/// it, whose tickets are still taken and renewed. They are made here, live in memory alone, and are cleansed when they go.
///
/// Shared by all contexts of a listener, and handed on to those that follow, so that sessions outlive a reload.
package final class TicketKeys: Sendable {
    /// How long one key seals new tickets, in nanoseconds: an hour.
    package static let period: Int64 = 3_600_000_000_000
    /// How long a session can be resumed, in seconds: as long as its ticket's key is known at the most.
    static let sessionLifetime = 2 * 3600

    private let ring: Lock<TicketKeyRing>

    /// The first key, made at `now`: nanoseconds of any clock that never goes back.
    package init(now: Int64) {
        ring = Lock(TicketKeyRing(now: now))
    }

    /// Makes a new key where the current one has served its period, and forgets the one before that. To be called whenever
    /// the time that this gives has come.
    package func rotate(now: Int64) -> Int64 {
        ring.withLock { $0.rotate(now: now) }
    }

    /// Has all sessions of `context` use these keys, which live at least as long as it does.
    func attach(to context: TLSContextHandle) throws(CryptoError) {
        try context.keep(self, at: Self.index)
        unsafe SSL_CTX_set_timeout(context.pointer, Self.sessionLifetime)
        let result = unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(context.pointer) {
            session, name, initialVector, cipher, mac, isSealing in
            guard let session = unsafe session, let name = unsafe name, let initialVector = unsafe initialVector,
                let cipher = unsafe cipher, let mac = unsafe mac,
                let keys = unsafe TLSContextHandle.kept(
                    TicketKeys.self, at: TicketKeys.index, by: SSL_get_SSL_CTX(session))
            else { return TicketKeyRing.failure }
            guard isSealing == 0 else {
                return keys.ring.withLock { unsafe $0.seal(name, initialVector, cipher, mac) }
            }
            let answer = keys.ring.withLock { unsafe $0.open(name, initialVector, cipher, mac) }
            // A ticket of TLS 1.3 is for one use (RFC 8446 appendix C.4): its session gets another.
            let isTLS13 = unsafe SSL_version(session) == TLS1_3_VERSION
            return answer == TicketKeyRing.usable && isTLS13 ? TicketKeyRing.renewable : answer
        }
        guard result == 1 else { throw .last("set TLS tickets") }
    }

    private static let index = TLSContextHandle.makeIndex()
}
