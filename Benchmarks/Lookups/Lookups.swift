import Foundation
import PolicyModel
import Tokens

/// Measures, in one process, what every handshake looks up: its address among 100,000 blocks, and its token among
/// 1,000,000 revoked ids. Prints one line of JSON. Times are of the processor.
@main
struct Lookups {
    static let blockCount = 100_000
    static let revocationCount = 1_000_000
    static let queryCount = 1_000_000
    static let passes = 5

    static func main() throws {
        let blockTexts = BlockTexts.make(blockCount)
        var start = clock()
        let made = madeRevocations().reduce(into: 0) { count, _ in count += 1 }
        let making = seconds(since: start)
        precondition(made == revocationCount)
        let memoryBefore = try Memory.read()

        start = clock()
        let blocks = CIDRSet(blockTexts.compactMap { try? CIDR($0) })
        let blockSeconds = seconds(since: start)
        let memoryBetween = try Memory.read()
        start = clock()
        let revocations = RevocationSet(madeRevocations())
        let revocationSeconds = seconds(since: start) - making
        let memoryAfter = try Memory.read()

        let addresses = queries { random in
            let text = blockTexts[Int(random % UInt64(blockTexts.count))]
            // Every second one is in a block.
            if random >> 40 & 1 == 0, let block = try? CIDR(text) { return block.address }
            return random >> 41 & 3 == 0
                ? IPAddress(ipv6: UInt128(0x2001_0db8) << 96 | UInt128(random))
                : .v4(UInt32(truncatingIfNeeded: random))
        }
        let ids = queries { random in
            let index = Int(random % UInt64(revocationCount))
            return tokenID(random >> 40 & 1 == 0 ? index : index + revocationCount)
        }
        let byAddress = measure(addresses) { blocks.contains($0) }
        let byID = measure(ids) { revocations.isRevoked(id: $0, subject: "alice", issuedAt: 0, keyID: "key") }

        let figures: KeyValuePairs<String, Double> = [
            "ip_filter_ns": byAddress.nanoseconds, "ip_filter_hits": byAddress.hits,
            "ip_filter_load_seconds": blockSeconds,
            "ip_filter_mib": memoryBetween.resident - memoryBefore.resident,
            "revocation_ns": byID.nanoseconds, "revocation_hits": byID.hits,
            "revocation_load_seconds": revocationSeconds,
            "revocation_mib": memoryAfter.resident - memoryBetween.resident,
            "load_seconds": blockSeconds + revocationSeconds,
            "load_mib": memoryAfter.resident - memoryBefore.resident,
            "load_peak_mib": memoryAfter.peak - memoryBefore.resident,
        ]
        print("{" + figures.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}")
    }

    /// The median of all passes, in nanoseconds of one look-up, and the share of look-ups that found something.
    private static func measure<Query>(
        _ queries: [Query], _ isFound: (Query) -> Bool
    ) -> (nanoseconds: Double, hits: Double) {
        var found = 0
        var times: [Double] = []
        for _ in 0..<passes {
            let start = clock()
            for query in queries where isFound(query) { found += 1 }
            times.append(seconds(since: start) * 1e9 / Double(queries.count))
        }
        return (times.sorted()[passes / 2], Double(found) / Double(passes * queries.count))
    }

    private static func queries<Query>(_ make: (UInt64) -> Query) -> [Query] {
        (0..<queryCount).map { make(scrambled(UInt64($0) | 1 << 62)) }
    }

    /// They are made as they are loaded: strings that had been there before would not count as memory. The time that
    /// this takes is measured apart.
    private static func madeRevocations() -> some Sequence<Revocation> {
        (0..<revocationCount).lazy.map { .id(tokenID($0), expiresAt: .max) }
    }

    /// 32 digits, as a token of `portcullis token issue` has them.
    private static func tokenID(_ index: Int) -> String {
        let bits = UInt128(scrambled(UInt64(index)) | 1 << 63) << 64 | UInt128(scrambled(UInt64(index) | 1 << 63))
        return String(bits, radix: 16)
    }

    private static func seconds(since start: clock_t) -> Double {
        Double(clock() - start) / Double(CLOCKS_PER_SEC)
    }
}

/// SplitMix64: the same numbers in every run.
func scrambled(_ index: UInt64) -> UInt64 {
    var value = index &* 0x9e37_79b9_7f4a_7c15
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
}

/// Address blocks as a policy has them: four of five are IPv4, /16 to /32, the others IPv6, /32 to /64.
enum BlockTexts {
    static func make(_ count: Int) -> [String] {
        (0..<count).map { index in
            let random = scrambled(UInt64(index))
            if index % 5 == 4 {
                let prefix = 32 + Int(random >> 58) % 33
                let high = UInt64(0x2000) << 48 | random >> 4
                let kept = UInt128(high & (UInt64.max << UInt64(64 - prefix))) << 64
                return "\(IPAddress(ipv6: kept))/\(prefix)"
            }
            let prefix = 16 + Int(random >> 56) % 17
            let kept = UInt32(truncatingIfNeeded: random) & (UInt32.max << UInt32(32 - prefix))
            return "\(IPAddress.v4(kept))/\(prefix)"
        }
    }
}

/// Of this process, in MiB.
struct Memory {
    var resident = 0.0
    /// The most that it has ever been.
    var peak = 0.0

    static func read() throws -> Memory {
        var memory = Memory()
        for line in try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count > 1, let kibibytes = Double(words[1]) else { continue }
            if words[0] == "VmRSS:" { memory.resident = kibibytes / 1024 }
            if words[0] == "VmHWM:" { memory.peak = kibibytes / 1024 }
        }
        return memory
    }
}
