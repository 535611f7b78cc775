import Testing
import WebSocketProtocol

struct HandshakeErrorTests {
    @Test(arguments: [
        (HandshakeError.malformedRequest("x"), 400), (.malformedUpgrade("x"), 400), (.headersTooLarge, 431),
        (.upgradeRequired, 426), (.versionUnsupported, 426),
    ])
    func `each error has its status`(error: HandshakeError, status: Int) {
        #expect(error.status == status)
    }
}
