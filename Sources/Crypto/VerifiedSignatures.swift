internal import Locking

/// Signatures that have been found valid, so that one which comes again costs a digest and not the mathematics.
///
/// It knows of a signature that it is valid and nothing else: whether its key still counts, and what its token says, is for
/// whoever asks. Each is known by a SHA-256 digest of all that went into the answer, so that another key, another message and
/// another signature are strangers. Only valid ones enter: who sends bad ones cannot push good ones out.
///
/// Memory is constant: ``capacity`` digests, of which the oldest makes room. Safe to use from any thread; the digests are
/// spread over ``shelfCount`` shelves, each with a lock of its own that is held for one short search.
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

    private let shelves: [Lock<Shelf>]

    init(capacity: Int = capacity) {
        let places = max(1, capacity / Self.shelfCount)
        shelves = (0..<Self.shelfCount).map { _ in
            Lock(Shelf(fingerprints: Array(repeating: .zero, count: places)))
        }
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

    func contains(_ fingerprint: Fingerprint) -> Bool {
        // No digest that anybody knows is all zeros; if one ever is, it is verified each time.
        guard fingerprint != .zero else { return false }
        return shelf(of: fingerprint).withLock { $0.fingerprints.contains(fingerprint) }
    }

    /// Notes a signature that was found valid.
    func insert(_ fingerprint: Fingerprint) {
        shelf(of: fingerprint).withLock { shelf in
            shelf.fingerprints[shelf.oldest] = fingerprint
            shelf.oldest = (shelf.oldest + 1) % shelf.fingerprints.count
        }
    }

    private func shelf(of fingerprint: Fingerprint) -> Lock<Shelf> {
        shelves[Int(truncatingIfNeeded: fingerprint[0] % UInt64(Self.shelfCount))]
    }
}
