import Testing
import WebSocketProtocol

struct CloseCodeTests {
    @Test func `exactly the codes of the registry may be sent`() {
        for number in UInt16.min...UInt16.max {
            let expected =
                [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].contains(number)
                || number / 1000 == 3 || number / 1000 == 4
            #expect(CloseCode(rawValue: number).mayBeSent == expected)
        }
    }
}
