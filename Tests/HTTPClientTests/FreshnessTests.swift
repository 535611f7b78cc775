import HTTPClient
import Testing
import WebSocketProtocol

@Suite struct FreshnessTests {
    private static let date = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")

    @Test(
        arguments: [
            ([], nil), ([("Cache-Control", "public")], nil), ([("Cache-Control", "max-age=60")], 60),
            ([("cache-control", "public, Max-Age=\"60\", must-revalidate")], 60),
            ([("Cache-Control", "max-age=60"), ("Age", "15")], 45),
            ([("Cache-Control", "max-age=60"), ("Age", "90")], 0),
            ([("Cache-Control", "max-age=60"), ("Age", "x")], 60), ([("Cache-Control", "no-cache, max-age=60")], 0),
            ([("Cache-Control", "no-store")], 0), ([("Cache-Control", "max-age=-1")], nil),
            ([("Cache-Control", "max-age=99999999999999999999")], 2_147_483_647),
            ([("Cache-Control", "max-age=")], nil),
            ([("Expires", "Sun, 06 Nov 1994 08:50:37 GMT"), date], 60),
            ([("Expires", "Sun, 06 Nov 1994 08:50:37 GMT")], 50),
            ([("Expires", "Sun, 06 Nov 1994 08:48:37 GMT"), date], 0),
            ([("Expires", "0")], 0), ([("Expires", "soon"), ("Cache-Control", "max-age=5")], 5),
        ] as [([(String, String)], Int64?)])
    func freshness(fields: [(String, String)], seconds: Int64?) {
        let headers = HeaderFields(fields.map { HeaderField(name: $0.0, value: $0.1) })
        // Ten seconds after the date above.
        #expect(HTTPResponse(status: 200, headers: headers).freshness(now: 784_111_787) == seconds)
    }
}
