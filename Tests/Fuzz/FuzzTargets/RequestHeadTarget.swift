import WebSocketProtocol

/// A client's request head: the first byte says how it is cut, the others are what it sends.
enum RequestHeadTarget {
    private enum Answer: Equatable {
        case incomplete
        case failed(HandshakeError)
        case head(method: String, target: String, host: RequestHost, headers: HeaderFields, taken: Int)
    }

    private static let maximumBytes = 4096

    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        guard let seed = bytes.first else { return }
        let sent = bytes.dropFirst()
        let (whole, head) = feed([Array(sent)])
        let (cut, _) = feed(pieces(of: sent, seed: seed))
        try require(whole == cut, "whole: \(whole), in pieces: \(cut)")
        guard let head else { return }
        if case .head(_, _, _, let headers, let taken) = whole {
            try require(taken <= maximumBytes && headers.fields.count <= 100, "a head beyond its limits")
        }
        if let request = try? UpgradeRequest(head) { try forward(request) }
    }

    private static func feed(_ pieces: [[UInt8]]) -> (Answer, RequestHead?) {
        var parser = RequestHeadParser(maximumBytes: maximumBytes, maximumFields: 100)
        var taken = 0
        do throws(HandshakeError) {
            for piece in pieces {
                let (consumed, head) = try parser.receive(piece.span)
                taken += consumed
                guard let head else { continue }
                return (
                    .head(
                        method: head.method, target: head.target.description, host: head.host, headers: head.headers,
                        taken: taken), head
                )
            }
            return (.incomplete, nil)
        } catch {
            return (.failed(error), nil)
        }
    }

    /// What goes on to the upstream must be read there as it was read here.
    private static func forward(_ request: UpgradeRequest) throws(BrokenContract) {
        var headers = request.headers
        HopByHop.removeHopByHop(from: &headers)
        let written = UpgradeRequestWriter.serializedUpgrade(
            target: request.target.description, host: request.host.description, key: request.key,
            subprotocols: request.subprotocols, headers: headers)
        guard let written else { throw BrokenContract(description: "an upgrade that cannot be forwarded") }
        var parser = RequestHeadParser(maximumBytes: 2 * maximumBytes, maximumFields: 120)
        let again: UpgradeRequest
        do throws(HandshakeError) {
            let (consumed, head) = try parser.receive(written.span)
            guard let head, consumed == written.count else { throw .malformedRequest("it does not end at its end") }
            again = try UpgradeRequest(head)
        } catch {
            throw BrokenContract(description: "forwarded as what is refused here: \(error)")
        }
        try require(
            again.target == request.target && again.host == request.host && again.key == request.key
                && again.subprotocols == request.subprotocols, "forwarded as \(again)")
    }
}
