import PolicyModel
import Testing
import WebSocketProtocol

@testable import Engine

@Suite struct DeflateNegotiationTests {
    private static func request(_ extensions: String?) throws -> UpgradeRequest {
        var headers = HeaderFields([
            HeaderField(name: "Upgrade", value: "websocket"), HeaderField(name: "Connection", value: "Upgrade"),
            HeaderField(name: "Sec-WebSocket-Key", value: "dGhlIHNhbXBsZSBub25jZQ=="),
            HeaderField(name: "Sec-WebSocket-Version", value: "13"),
        ])
        if let extensions { headers.add("Sec-WebSocket-Extensions", extensions) }
        return try UpgradeRequest(
            RequestHead(
                method: "GET", target: try RequestTarget(originForm: "/"), host: try #require(RequestHost("a")),
                headers: headers))
    }

    /// What an upstream is offered, and what a client is answered when the upstream has agreed, or has not.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let policy: CompressionPolicy
        var offers: String? = "x, permessage-deflate; client_max_window_bits, permessage-deflate; y"
        var isGreeted = false
        let upstream: [String]
        let agreed: String?
        let declined: String?

        var testDescription: String { name }
    }

    private static let answered = PerMessageDeflateAgreement(clientMaxWindowBits: 11)

    static let cases = [
        Case(name: "H18 strip", policy: .strip, upstream: [], agreed: nil, declined: nil),
        Case(
            name: "passthrough", policy: .passthrough, upstream: ["permessage-deflate; client_max_window_bits"],
            agreed: "permessage-deflate; client_max_window_bits=11", declined: nil),
        Case(
            name: "passthrough without offers", policy: .passthrough, offers: nil, upstream: [], agreed: nil,
            declined: nil),
        Case(
            name: "inspect", policy: .inspect(InflationSettings()),
            upstream: [
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"
            ],
            agreed: "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            declined: "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
        Case(
            name: "inspect without offers", policy: .inspect(InflationSettings(contextTakeover: true)), offers: nil,
            upstream: ["permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"], agreed: nil,
            declined: nil),
        Case(
            name: "inspect after a greeting",
            policy: .inspect(InflationSettings(contextTakeover: true, windowBits: 15)),
            isGreeted: true, upstream: ["permessage-deflate; client_max_window_bits"], agreed: nil, declined: nil),
    ]

    @Test("what is offered and answered", arguments: cases)
    func negotiation(it: Case) throws {
        let negotiation = DeflateNegotiation(it.policy, try Self.request(it.offers), isGreeted: it.isGreeted)
        #expect(negotiation.offers.map(\.fieldValue) == it.upstream)
        #expect(negotiation.answer(after: nil)?.fieldValue == it.declined)
        if !it.upstream.isEmpty { #expect(negotiation.answer(after: Self.answered)?.fieldValue == it.agreed) }
    }

    @Test("the relay inflates where the gateway ends the extension, and lets pass what others have agreed on")
    func relays() throws {
        let limits = MessageLimits(messageBytes: 1000, fragments: 1)
        let offers = "permessage-deflate"
        func compression(_ policy: CompressionPolicy, _ upstream: PerMessageDeflateAgreement?) throws
            -> RelayCompression
        {
            DeflateNegotiation(policy, try Self.request(offers), isGreeted: false).compression(after: upstream)
        }
        let inspect = CompressionPolicy.inspect(InflationSettings())
        for (relay, client, upstream, works) in [
            (try compression(.strip, nil), nil, nil, false),
            (try compression(.passthrough, nil), nil, nil, false),
            (try compression(.passthrough, PerMessageDeflateAgreement()), 1000, 1000, false),
            (try compression(inspect, nil), 1189, nil, true),
            (try compression(inspect, PerMessageDeflateAgreement()), 1189, 1189, true),
        ] as [(RelayCompression, Int?, Int?, Bool)] {
            #expect(relay.compressedBytes(from: .client, limits) == client)
            #expect(relay.compressedBytes(from: .server, limits) == upstream)
            #expect((relay.ofMessages(from: .client) != nil) == works)
            #expect((relay.ofMessages(from: .server) != nil) == works)
        }
    }

    @Test("toward an upstream that says nothing of it, the gateway keeps to the window that it has offered")
    func unsaidWindow() throws {
        let settings = InflationSettings(windowBits: 10)
        let negotiation = DeflateNegotiation(
            .inspect(settings), try Self.request("permessage-deflate"), isGreeted: false)
        let relay = negotiation.compression(after: PerMessageDeflateAgreement(serverMaxWindowBits: 10))
        let lane = try #require(relay.ofMessages(from: .client))
        let worker = try Worker()
        for (count, passes) in [(1024, true), (1025, false)] {
            var (message, deflated): ([UInt8], [UInt8]) = ([], [])
            // Stored blocks: nothing refers back, but the gateway does not look.
            let bytes = [UInt8](repeating: 0x61, count: count)
            let wire =
                [0, UInt8(count & 0xff), UInt8(count >> 8), UInt8(~count & 0xff), UInt8(~count >> 8 & 0xff)] + bytes + [
                    0
                ]
            try lane.inflate(wire.span, .text, into: &message, limit: 2000, worker.streams)
            let form = lane.form(
                of: message.span, wasCompressed: true, isEdited: false, into: &deflated, worker.streams)
            #expect(form == (passes ? .asReceived : .deflated))
        }
    }
}
