import Testing
import WebSocketProtocol

struct PerMessageDeflateAgreementTests {
    /// What is offered, under which terms, and the answer; nil for none.
    struct Negotiation: Sendable, CustomTestStringConvertible {
        let offers: [PerMessageDeflateOffer]
        let contextTakeover: Bool
        let windowBits: Int
        let answer: String?

        init(
            _ offers: PerMessageDeflateOffer..., keeping contextTakeover: Bool = true, within windowBits: Int = 15,
            giving answer: String?
        ) {
            self.offers = offers
            self.contextTakeover = contextTakeover
            self.windowBits = windowBits
            self.answer = answer
        }

        var testDescription: String {
            "\(offers.map(\.fieldValue)) \(contextTakeover ? "keeping" : "dropping") \(windowBits)"
        }
    }

    private typealias Offer = PerMessageDeflateOffer

    static let negotiations = [
        Negotiation(giving: nil),
        Negotiation(Offer(), giving: "permessage-deflate"),
        Negotiation(
            Offer(), keeping: false,
            giving: "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
        Negotiation(
            Offer(clientMaxWindowBits: 15), keeping: false, within: 12,
            giving:
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=12"),
        // What the client asks of the server must be given; what it says of itself may be taken up.
        Negotiation(Offer(serverNoContextTakeover: true), giving: "permessage-deflate; server_no_context_takeover"),
        Negotiation(Offer(clientNoContextTakeover: true), giving: "permessage-deflate; client_no_context_takeover"),
        Negotiation(Offer(serverMaxWindowBits: 15), giving: "permessage-deflate; server_max_window_bits=15"),
        Negotiation(
            Offer(serverMaxWindowBits: 15, clientMaxWindowBits: 15), within: 10,
            giving: "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10"),
        Negotiation(
            Offer(serverMaxWindowBits: 9, clientMaxWindowBits: 8), within: 12,
            giving: "permessage-deflate; server_max_window_bits=9; client_max_window_bits=8"),
        Negotiation(Offer(clientMaxWindowBits: 15), giving: "permessage-deflate"),
        // A window that cannot be lowered is not kept.
        Negotiation(Offer(), within: 12, giving: "permessage-deflate; client_no_context_takeover"),
        // zlib deflates with 512 bytes at least.
        Negotiation(Offer(serverMaxWindowBits: 8), giving: nil),
        Negotiation(
            Offer(serverMaxWindowBits: 8), Offer(serverNoContextTakeover: true),
            giving: "permessage-deflate; server_no_context_takeover"),
    ]

    @Test("the gateway's answer to a client is one that the first possible offer allows", arguments: negotiations)
    func answer(negotiation: Negotiation) {
        let terms = PerMessageDeflateTerms(
            contextTakeover: negotiation.contextTakeover, windowBits: negotiation.windowBits)
        let answer = PerMessageDeflateAgreement(answering: negotiation.offers, terms: terms)
        #expect(answer?.fieldValue == negotiation.answer)
        if let answer { #expect(negotiation.offers.contains(where: answer.answers)) }
    }

    private typealias Agreement = PerMessageDeflateAgreement

    @Test func `whatever is offered, the answer is one that RFC 7692 7_1 allows`() {
        let windows: [Int?] = [nil] + (8...15).map { $0 }
        for server in windows {
            for client in windows {
                for flags in 0..<4 {
                    let offer = Offer(
                        serverNoContextTakeover: flags & 1 == 1, clientNoContextTakeover: flags & 2 == 2,
                        serverMaxWindowBits: server, clientMaxWindowBits: client)
                    for terms in (9...15).flatMap({ bits in
                        [true, false].map { PerMessageDeflateTerms(contextTakeover: $0, windowBits: bits) }
                    }) {
                        guard let answer = Agreement(answering: [offer], terms: terms) else {
                            #expect(server == 8)
                            continue
                        }
                        #expect(answer.answers(offer))
                        #expect(!offer.serverNoContextTakeover || answer.serverNoContextTakeover)
                        // Whatever window is kept, it is no larger than configured.
                        #expect(answer.clientNoContextTakeover || answer.clientMaxWindowBits ?? 15 <= terms.windowBits)
                    }
                }
            }
        }
    }

    @Test func `an answer goes beyond no limit, and says nothing of the client's window unasked`() {
        #expect(Agreement().answers(Offer()))
        #expect(Agreement(serverNoContextTakeover: true, clientNoContextTakeover: true).answers(Offer()))
        #expect(Agreement(serverMaxWindowBits: 12).answers(Offer()))
        #expect(!Agreement(clientMaxWindowBits: 8).answers(Offer()))
        #expect(Agreement(clientMaxWindowBits: 12).answers(Offer(clientMaxWindowBits: 12)))
        #expect(!Agreement(clientMaxWindowBits: 13).answers(Offer(clientMaxWindowBits: 12)))
        #expect(!Agreement().answers(Offer(serverMaxWindowBits: 15)))
        #expect(Agreement(serverMaxWindowBits: 12).answers(Offer(serverMaxWindowBits: 12)))
        #expect(!Agreement(serverMaxWindowBits: 13).answers(Offer(serverMaxWindowBits: 12)))
        // It was asked to forget, and does not say so: no harm is done.
        #expect(Agreement().answers(Offer(serverNoContextTakeover: true, clientNoContextTakeover: true)))
    }
}
