import Testing
import WebSocketProtocol

struct FrameErrorTests {
    @Test(
        arguments: [
            (FrameError.protocolViolation("x"), 1002), (.invalidUTF8, 1007), (.messageTooBig, 1009),
        ] as [(FrameError, UInt16)])
    func `each error has its close code`(error: FrameError, code: UInt16) {
        #expect(error.closeCode.rawValue == code)
        #expect(error.closeCode.mayBeSent)
    }
}
