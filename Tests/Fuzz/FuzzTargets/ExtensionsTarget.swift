import WebSocketProtocol

/// `Sec-WebSocket-Extensions` of a client, and of an upstream's answer: each line is a field's value.
enum ExtensionsTarget {
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        let values = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        let offers = try offers(in: values)
        for offer in offers {
            try require(try self.offers(in: [offer.fieldValue]) == [offer], "not read as written: \(offer)")
        }
        for bits in [9, 12, 15] {
            for contextTakeover in [true, false] {
                let terms = PerMessageDeflateTerms(contextTakeover: contextTakeover, windowBits: bits)
                try check(PerMessageDeflateAgreement(answering: offers, terms: terms), of: offers, terms)
                let own = [PerMessageDeflateOffer(terms: terms)]
                guard let agreement = agreement(values, own) else { continue }
                try require(own.contains(where: agreement.answers), "an answer to nothing: \(agreement)")
                try require(agreement.serverMaxWindowBits ?? 15 <= bits, "a larger window: \(agreement)")
                try require(
                    self.agreement([agreement.fieldValue], own) == agreement, "not read as written: \(agreement)")
            }
        }
    }

    private static func check(
        _ answer: PerMessageDeflateAgreement?, of offers: [PerMessageDeflateOffer], _ terms: PerMessageDeflateTerms
    ) throws(BrokenContract) {
        guard let answer else {
            return try require(offers.allSatisfy { $0.serverMaxWindowBits == 8 }, "declined: \(offers)")
        }
        try require(offers.contains(where: answer.answers), "\(answer) to \(offers)")
        try require(agreement([answer.fieldValue], offers) == answer, "a client would refuse \(answer)")
        try require(
            terms.contextTakeover || (answer.serverNoContextTakeover && answer.clientNoContextTakeover),
            "a window is kept: \(answer)")
    }

    private static func offers(in values: [String]) throws(BrokenContract) -> [PerMessageDeflateOffer] {
        var headers = HeaderFields([
            HeaderField(name: "Upgrade", value: "websocket"), HeaderField(name: "Connection", value: "Upgrade"),
            HeaderField(name: "Sec-WebSocket-Key", value: key), HeaderField(name: "Sec-WebSocket-Version", value: "13"),
        ])
        for value in values { headers.add("Sec-WebSocket-Extensions", value) }
        guard let target = try? RequestTarget(originForm: "/"), let host = RequestHost("a"),
            let request = try? UpgradeRequest(RequestHead(method: "GET", target: target, host: host, headers: headers))
        else { throw BrokenContract(description: "no upgrade request") }
        let offers = (try? request.deflateOffers()) ?? []
        try require(offers.count <= 32, "\(offers.count) offers")
        return offers
    }

    private static func agreement(
        _ values: [String], _ offers: [PerMessageDeflateOffer]
    ) -> PerMessageDeflateAgreement? {
        var headers = HeaderFields([
            HeaderField(name: "Upgrade", value: "websocket"), HeaderField(name: "Connection", value: "Upgrade"),
            HeaderField(name: "Sec-WebSocket-Accept", value: accept),
        ])
        for value in values { headers.add("Sec-WebSocket-Extensions", value) }
        let handshake = UpstreamHandshake(expectedAccept: accept, offeredSubprotocols: [], deflateOffers: offers)
        return (try? handshake.verify(ResponseHead(status: 101, headers: headers)))?.deflate
    }
}
