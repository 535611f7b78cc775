import Middleware

/// What a load balancer says before a connection's first byte: the first byte says how it is cut, the others are what it sends.
enum ProxyHeaderTarget {
    private enum Answer: Equatable {
        case incomplete
        case failed(ProxyHeaderError)
        case header(ProxyHeader, taken: Int)
    }

    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        guard let seed = bytes.first else { return }
        let sent = bytes.dropFirst()
        let whole = feed([Array(sent)])
        let cut = feed(pieces(of: sent, seed: seed))
        try require(whole == cut, "whole: \(whole), in pieces: \(cut)")
        switch whole {
        case .header(_, let taken):
            try require(taken <= ProxyHeaderReader.maximumBytes, "\(taken) bytes")
            // Without its last byte it is no header yet.
            try require(feed([Array(sent.prefix(taken - 1))]) == .incomplete, "complete before its end")
        case .incomplete:
            try require(sent.count < ProxyHeaderReader.maximumBytes, "\(sent.count) bytes are kept")
        case .failed: break
        }
    }

    private static func feed(_ pieces: [[UInt8]]) -> Answer {
        var reader = ProxyHeaderReader()
        var taken = 0
        do throws(ProxyHeaderError) {
            for piece in pieces {
                guard let (header, consumed) = try reader.receive(piece.span) else {
                    taken += piece.count
                    continue
                }
                return .header(header, taken: taken + consumed)
            }
            return .incomplete
        } catch {
            return .failed(error)
        }
    }
}
