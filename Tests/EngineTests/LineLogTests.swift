import CPlatform
import Glibc
import Testing

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct LineLogTests {
    /// A pipe's two ends; neither side waits for the other.
    private func makePipe() throws -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [-1, -1]
        let result = unsafe pipe(&ends)
        try #require(result == 0)
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        return (ends[0], ends[1])
    }

    private func makeLog(to number: Int32, maximumWaiting: Int = 1 << 20) throws -> LineLog {
        try LineLog(
            output: Descriptor(owning: number), name: "the log", maximumWaiting: maximumWaiting,
            lostLine: { Array("lost \($0)\n".utf8) })
    }

    /// All that is in the pipe now.
    private func text(_ reader: Int32) -> String {
        var bytes: [UInt8] = []
        var portion = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe read(reader, &portion, portion.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += portion[..<count]
        }
    }

    @Test("lines that find no room are lost, and counted behind those that did")
    func bound() throws {
        let (reader, writer) = try makePipe()
        defer { close(reader) }
        let log = try makeLog(to: writer, maximumWaiting: 10)
        for line in ["one\n", "two\n", "three\n", "4\n", "five\n"] { log.append(Array(line.utf8)) }
        #expect(log.linesLost == 2)
        log.close()
        log.run()
        #expect(text(reader) == "one\ntwo\n4\nlost 2\n")
        #expect(log.linesLost == 2)
    }

    @Test("a thread of its own writes until the end, which waits for it")
    func thread() throws {
        let (reader, writer) = try makePipe()
        defer { close(reader) }
        let log = try makeLog(to: writer)
        try log.start(thread: "log")
        for number in 0..<100 { log.append(Array("\(number)\n".utf8)) }
        log.end(milliseconds: -1)
        #expect(text(reader) == (0..<100).map { "\($0)\n" }.joined())
    }

    @Test("a reader who does not read holds up nobody, and no end")
    func stalled() throws {
        let (reader, writer) = try makePipe()
        defer { close(reader) }
        let log = try makeLog(to: writer)
        try log.start(thread: "log")
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1023) + [UInt8(ascii: "\n")]
        for _ in 0..<4096 { log.append(line) }
        #expect(log.linesLost > 0)
        log.end(milliseconds: 1)
    }

    @Test("a reader that has gone costs the lines, and nothing else")
    func gone() throws {
        // As the program does with the first thing that it does.
        cp_ignore_broken_pipes()
        let (reader, writer) = try makePipe()
        close(reader)
        let log = try makeLog(to: writer)
        log.append(Array("one\n".utf8))
        log.close()
        log.run()
        #expect(log.linesLost == 1)
    }
}
