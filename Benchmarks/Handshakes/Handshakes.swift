import COpenSSL
import Crypto
import Foundation

/// What TLS handshakes cost the server, and whether they leave anything in memory (HARDENING 32).
///
/// `handshakes [COUNT]`: COUNT handshakes in all, 100,000 by default, a fourth of them each of TLS 1.2 and 1.3, full and resumed.
/// Ends with 1 where memory has grown.
@main struct Handshakes {
    /// Handshakes between two looks at the memory.
    private static let stretch = 10_000
    /// How much may be resident at the end beyond what was after the first stretch.
    private static let allowance = 512 * 1024

    private let keys = TicketKeys(now: 0)
    private let context: TLSServerContext
    private let transfer = TLSTransfer()
    private var rotations: Int64 = 0
    private var cost: [String: Cost] = [:]

    private struct Cost {
        var count = 0
        var nanoseconds = 0
    }

    static func main() throws {
        let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 100_000
        let folder = NSTemporaryDirectory() + "portcullis-handshakes-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        var benchmark = try Handshakes(certificatesIn: folder)
        try FileManager.default.removeItem(atPath: folder)
        let isFlat = benchmark.run(count)
        benchmark.report()
        exit(isFlat ? 0 : 1)
    }

    private init(certificatesIn folder: String) throws {
        let files = try DevelopmentCertificate.make(hosts: ["localhost"])
        try Data(files.chainPEM.utf8).write(to: URL(fileURLWithPath: folder + "/server.pem"))
        try Data(files.privateKeyPEM.utf8).write(to: URL(fileURLWithPath: folder + "/server.key"))
        context = try TLSServerContext(
            certificates: [.init(chainFile: folder + "/server.pem", keyFile: folder + "/server.key")], ticketKeys: keys)
    }

    /// False where memory has grown.
    private mutating func run(_ count: Int) -> Bool {
        guard let older = unsafe ResumingClient.context(version: TLS1_2_VERSION),
            let newer = unsafe ResumingClient.context(version: TLS1_3_VERSION)
        else { fatalError("no memory for TLS") }
        var first = 0
        var last = 0
        for done in stride(from: 0, to: count, by: Self.stretch) {
            for _ in 0..<(Self.stretch / 4) {
                unsafe roundTrip(older, "TLS 1.2")
                unsafe roundTrip(newer, "TLS 1.3")
            }
            rotations += 1
            _ = keys.rotate(now: rotations * TicketKeys.period)
            last = Self.residentBytes()
            if done == 0 { first = last }
            print("\(done + Self.stretch) handshakes, \(rotations) key rotations: \(last / 1024) KiB resident")
        }
        return last - first <= Self.allowance
    }

    /// A full handshake, and one that resumes its session.
    @unsafe private mutating func roundTrip(_ client: OpaquePointer, _ version: String) {
        let session = unsafe shakeHands(client, resuming: nil, version + ", full")
        _ = unsafe shakeHands(client, resuming: session, version + ", resumed")
    }

    @unsafe private mutating func shakeHands(
        _ context: OpaquePointer, resuming earlier: KeptSession?, _ name: String
    ) -> KeptSession? {
        guard let client = unsafe ResumingClient(context, resuming: earlier) else { fatalError("no memory for TLS") }
        let start = Self.processorTime()
        guard let server = TLSSession.server(self.context, over: transfer) else { fatalError("no memory for TLS") }
        var spent = Self.processorTime() - start
        var received: [UInt8] = []
        var isSecure = false
        while true {
            let (sent, isDone) = client.advance(received)
            let start = Self.processorTime()
            if !sent.isEmpty {
                // The array lives as long as the call.
                unsafe sent.withUnsafeBytes { bytes in
                    unsafe transfer.withInput(bytes) {
                        if case .complete = server.handshake() { isSecure = true }
                    }
                }
            }
            received = unsafe transfer.takeOutput { unsafe Array($0) }
            spent += Self.processorTime() - start
            if isDone, isSecure, received.isEmpty { break }
            guard !(sent.isEmpty && received.isEmpty) else { fatalError("the handshake has failed") }
        }
        guard client.isResumed == (earlier != nil) else { fatalError("\(name) was not") }
        cost[name, default: Cost()].count += 1
        cost[name, default: Cost()].nanoseconds += spent
        return client.kept()
    }

    private func report() {
        for version in ["TLS 1.2", "TLS 1.3"] {
            let means = [", full", ", resumed"].compactMap { cost[version + $0] }.map {
                Double($0.nanoseconds) / Double($0.count) / 1000
            }
            guard means.count == 2 else { continue }
            let ratio = means[0] / means[1]
            print(
                "\(version): full \(Self.rounded(means[0])) us, resumed \(Self.rounded(means[1])) us of the server's CPU: "
                    + "\(Self.rounded(ratio)) to 1")
        }
    }

    private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

    /// Nanoseconds that this thread has run.
    private static func processorTime() -> Int {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    private static func residentBytes() -> Int {
        // Pages: total, resident, and more (proc(5)).
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
    }
}
