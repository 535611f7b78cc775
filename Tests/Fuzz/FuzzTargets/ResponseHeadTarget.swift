import WebSocketProtocol

/// An upstream's answer: the first byte says how it is cut, the others are what it sends.
enum ResponseHeadTarget {
    private enum Answer: Equatable {
        case incomplete
        case failed(UpstreamHandshakeError)
        case head(status: Int, headers: HeaderFields, taken: Int)
    }

    private static let maximumBytes = 4096
    // The key and its answer of RFC 6455 1.3.
    private static let handshake = UpstreamHandshake(
        expectedAccept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", offeredSubprotocols: ["chat", "superchat"])

    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        guard let seed = bytes.first else { return }
        let sent = bytes.dropFirst()
        let whole = feed([Array(sent)])
        let cut = feed(pieces(of: sent, seed: seed))
        try require(whole == cut, "whole: \(whole), in pieces: \(cut)")
        guard case .head(let status, let headers, let taken) = whole else { return }
        try require(taken <= maximumBytes && headers.fields.count <= 100, "a head beyond its limits")
        let chosen: String?
        do throws(UpstreamHandshakeError) {
            chosen = try handshake.verify(ResponseHead(status: status, headers: headers)).subprotocol
        } catch {
            return
        }
        try require(
            status == 101 && headers.first("Sec-WebSocket-Accept") == handshake.expectedAccept
                && !headers.contains("Sec-WebSocket-Extensions")
                && chosen.map(handshake.offeredSubprotocols.contains) ?? true, "granted: \(headers)")
    }

    private static func feed(_ pieces: [[UInt8]]) -> Answer {
        var parser = ResponseHeadParser(maximumBytes: maximumBytes, maximumFields: 100)
        var taken = 0
        do throws(UpstreamHandshakeError) {
            for piece in pieces {
                let (consumed, head) = try parser.receive(piece.span)
                taken += consumed
                if let head { return .head(status: head.status, headers: head.headers, taken: taken) }
            }
            return .incomplete
        } catch {
            return .failed(error)
        }
    }
}
