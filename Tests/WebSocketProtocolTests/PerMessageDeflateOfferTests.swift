import Testing
import WebSocketProtocol

struct PerMessageDeflateOfferTests {
    @Test(
        "an offer is written as it was read",
        arguments: [
            (PerMessageDeflateOffer(), "permessage-deflate"),
            (PerMessageDeflateOffer(clientMaxWindowBits: 15), "permessage-deflate; client_max_window_bits"),
            (PerMessageDeflateOffer(clientMaxWindowBits: 8), "permessage-deflate; client_max_window_bits=8"),
            (PerMessageDeflateOffer(serverMaxWindowBits: 15), "permessage-deflate; server_max_window_bits=15"),
            (
                PerMessageDeflateOffer(
                    serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 8,
                    clientMaxWindowBits: 9),
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8; "
                    + "client_max_window_bits=9"
            ),
        ])
    func written(offer: PerMessageDeflateOffer, text: String) {
        #expect(offer.fieldValue == text)
    }

    @Test(
        "what the gateway offers an upstream",
        arguments: [
            (
                false, 15,
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"
            ),
            (
                false, 9,
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; "
                    + "client_max_window_bits=9"
            ),
            (true, 15, "permessage-deflate; client_max_window_bits"),
            (true, 12, "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"),
        ])
    func ofTheGateway(contextTakeover: Bool, windowBits: Int, text: String) {
        let terms = PerMessageDeflateTerms(contextTakeover: contextTakeover, windowBits: windowBits)
        #expect(PerMessageDeflateOffer(terms: terms).fieldValue == text)
    }
}
