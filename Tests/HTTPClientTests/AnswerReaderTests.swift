import Testing
import WebSocketProtocol

@testable import HTTPClient

@Suite struct AnswerReaderTests {
    @Test("fields of the last head count, and trailers do not")
    func heads() {
        var reader = AnswerReader()
        let lines = [
            "HTTP/1.1 103 Early Hints\r\n", "Link: </a>\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "A:  b \t\r\n",
            "broken\r\n",
            ": none\r\n", "C:\r\n", "\r\n", "Trailer: x\r\n",
        ]
        for line in lines {
            let goesOn = reader.receive(field: Array(line.utf8))
            #expect(goesOn)
        }
        #expect(reader.fields.map(\.name) == ["A", "C"])
        #expect(reader.fields.map(\.value) == ["b", ""])
    }

    @Test("a byte more than is wanted ends it")
    func bounds() {
        var reader = AnswerReader()
        reader.maximumBodyBytes = 3
        let taken = [[1, 2], [3]].map { reader.receive(body: $0) }
        #expect(taken == [true, true])
        #expect(!reader.isTooLarge)
        let isTaken = reader.receive(body: [4])
        #expect(!isTaken)
        #expect(reader.isTooLarge)
        #expect(reader.body == [1, 2, 3])
    }

    @Test func headBound() {
        var reader = AnswerReader()
        let line = [UInt8](repeating: 0x61, count: HTTPClient.maximumFieldBytes)
        let taken = [line, [0x61]].map { reader.receive(field: $0) }
        #expect(taken == [true, false])
        #expect(reader.isTooLarge)
    }
}
