internal import Locking

/// Signatures that have been verified, so that one which comes again costs a digest and not the mathematics: a client
/// that comes back brings the token that it has, one that names no key is tried with several, and for a ticket it is
/// shown to every route.
///
/// It knows of a signature whether it is valid and nothing else: whether its key still counts, and what its token says,
/// is for whoever asks. Each is known by a SHA-256 digest of all that went into the answer, so that another key,
/// another message and another signature are strangers. Bad ones are kept apart: who sends them cannot push good ones
/// out.
///
/// Memory is constant: ``capacity`` digests of either kind, of which the oldest makes room. Safe to use from any
/// thread; the digests are spread over ``shelfCount`` shelves for either kind, each with a lock of its own that is held
/// for one short search.
final class VerifiedSignatures: Sendable {
    static let capacity = 4096
    static let shelfCount = 64

    /// 32 bytes of SHA-256.
    typealias Fingerprint = SIMD4<UInt64>

    private struct Shelf {
        /// As many as there is room for; where nothing has come yet there is no digest, but zeros.
        var fingerprints: [Fingerprint]
        /// The place of the oldest one.
        var oldest = 0
    }

    private let good: [Lock<Shelf>]
    private let bad: [Lock<Shelf>]

    init(capacity: Int = capacity) {
        good = Self.shelves(capacity)
        bad = Self.shelves(capacity)
    }

    private static func shelves(_ capacity: Int) -> [Lock<Shelf>] {
        let places = max(1, capacity / shelfCount)
        return (0..<shelfCount).map { _ in Lock(Shelf(fingerprints: Array(repeating: .zero, count: places))) }
    }

    /// What stands for `signature` by `publicKey` over `message`. The first two are of one length each, so that no two
    /// triples are one row of bytes.
    static func fingerprint(publicKey: [UInt8], signature: [UInt8], message: [UInt8]) -> Fingerprint {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(publicKey.count + signature.count + message.count)
        bytes += publicKey
        bytes += signature
        bytes += message
        let digest = Digest.sha256(bytes)
        // A digest has 32 bytes; the load is checked to lie in them.
        return unsafe digest.withUnsafeBytes { unsafe $0.loadUnaligned(as: Fingerprint.self) }
    }

    /// Whether a signature is valid: by what is known of it or, where nothing is, by `verify`, whose answer is noted.
    /// Its nil says that it could not be worked out, which is no answer to keep.
    func isValid(_ fingerprint: Fingerprint, verify: () -> Bool?) -> Bool {
        if contains(fingerprint) { return true }
        if Self.contains(fingerprint, bad) { return false }
        guard let isValid = verify() else { return false }
        Self.insert(fingerprint, isValid ? good : bad)
        return isValid
    }

    /// Whether it is known to be valid.
    func contains(_ fingerprint: Fingerprint) -> Bool { Self.contains(fingerprint, good) }

    /// Notes a signature that was found valid.
    func insert(_ fingerprint: Fingerprint) { Self.insert(fingerprint, good) }

    private static func contains(_ fingerprint: Fingerprint, _ shelves: [Lock<Shelf>]) -> Bool {
        // No digest that anybody knows is all zeros; if one ever is, it is verified each time.
        guard fingerprint != .zero else { return false }
        return shelf(of: fingerprint, shelves).withLock { $0.fingerprints.contains(fingerprint) }
    }

    private static func insert(_ fingerprint: Fingerprint, _ shelves: [Lock<Shelf>]) {
        shelf(of: fingerprint, shelves).withLock { shelf in
            shelf.fingerprints[shelf.oldest] = fingerprint
            shelf.oldest = (shelf.oldest + 1) % shelf.fingerprints.count
        }
    }

    private static func shelf(of fingerprint: Fingerprint, _ shelves: [Lock<Shelf>]) -> Lock<Shelf> {
        shelves[Int(truncatingIfNeeded: fingerprint[0] % UInt64(shelfCount))]
    }
}
