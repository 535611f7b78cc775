import Testing
import WebSocketProtocol

struct MessageAssemblerTests {
    @Test func `fragments come out as one message, unmasked`() throws {
        var assembler = MessageAssembler()
        assembler.begin(.text)
        let masked: [UInt8] = [0xff, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        assembler.append(masked.span, 1..<4, key: exampleKey)
        assembler.append(masked.span, 4..<6, key: exampleKey.rotated(by: 3))
        assembler.append(masked.span, 6..<6, key: exampleKey)
        #expect(assembler.count == 5)
        let finished = assembler.finish()
        let message = try #require(finished)
        #expect(message.opcode == .text)
        #expect(message.payload == Array("Hello".utf8))
        let again = assembler.finish()
        #expect(again == nil)
    }

    @Test func `lent storage is used and handed back, its old bytes are not`() throws {
        var storage = [UInt8](repeating: 7, count: 100)
        storage.reserveCapacity(1000)
        let capacity = storage.capacity
        var assembler = MessageAssembler()
        assembler.begin(.binary, storage: storage)
        let source: [UInt8] = [1, 2, 3]
        assembler.append(source.span, 0..<3, key: .none)
        let finished = assembler.finish()
        let message = try #require(finished)
        #expect(message.payload == [1, 2, 3])
        #expect(message.payload.capacity >= 3)
        #expect(capacity >= 1000)
        #expect(assembler.count == 0)
    }

    @Test("H17 what a parser lets through never exceeds the message's limit")
    func capped() {
        let limits = MessageLimits(messageBytes: 1000, fragments: 256)
        var parser = FrameParser(sender: .server, limits: limits)
        var assembler = MessageAssembler()
        var input = rawFrame(0x02, [UInt8](repeating: 1, count: 400))
        for _ in 0..<10 { input += rawFrame(0x00, [UInt8](repeating: 2, count: 300)) }
        var offset = 0
        var error: FrameError?
        do throws(FrameError) {
            while let event = try parser.next(in: input.span, at: &offset) {
                switch event {
                case .frame(let header): if header.opcode != .continuation { assembler.begin(header.opcode) }
                case .payload(let range, let key, _, _): assembler.append(input.span, range, key: key)
                case .control: break
                }
            }
        } catch let failure {
            error = failure
        }
        #expect(error == .messageTooBig)
        #expect(assembler.count == 1000)
    }
}
