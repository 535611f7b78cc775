import ArgumentParser
import CPlatform
import Engine
import Foundation
import Glibc

/// What the commands say: answers on standard output, everything else on standard error.
enum Console {
    /// To be called before anything else is done. Descriptors 0 to 2 that are closed stand for `/dev/null` from here on: no file
    /// that is opened later gets one of these numbers, and what is meant for a person with it. Writing to a reader that has gone
    /// is an error of that write, and not the end of the process.
    static func prepare() {
        cp_ignore_broken_pipes()
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            // Answers cannot be written to what is read, and that is told.
            let mode = number == STDERR_FILENO ? O_WRONLY : O_RDONLY
            // The lowest number that is free is this one. A file in its place would be written over: better none at all.
            guard unsafe open("/dev/null", mode) == number else { Foundation.exit(ExitCode.failure.rawValue) }
        }
    }

    /// Says what went wrong, as `portcullis: MESSAGE`, and gives the error to throw: exit code 1, nothing more printed.
    static func failure(_ message: String) -> ExitCode {
        note("portcullis: \(message)")
        return .failure
    }

    /// Says one more line on standard error, where there is somebody to read it: what cannot be written is left unsaid.
    static func note(_ line: String) {
        write(note: Array((line + "\n").utf8), to: STDERR_FILENO)
    }

    /// As ``note(_:)``, to that descriptor.
    static func write(note bytes: [UInt8], to number: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty, let count = write(rest, to: number) {
            if count == 0 { waitForRoom(number) }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes an answer to standard output, all of it, for as long as that takes. Where it cannot be written that is told, but
    /// to a reader that has gone, and exit code 1 is thrown.
    static func write(answer bytes: [UInt8]) throws {
        try write(answer: bytes, to: STDOUT_FILENO)
    }

    /// As ``write(answer:)``, for callers that cannot throw: where the answer cannot be written the command ends here.
    static func writeOrEnd(answer bytes: [UInt8]) {
        do { try write(answer: bytes) } catch { Foundation.exit(ExitCode.failure.rawValue) }
    }

    static func write(answer bytes: [UInt8], to number: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let count = write(rest, to: number) else {
                let code = errno
                // Whoever reads no further has what it wanted.
                if code == EPIPE { throw ExitCode.failure }
                throw failure("standard output cannot be written: \(unsafe String(cString: strerror(code)))")
            }
            if count == 0 { waitForRoom(number) }
            rest = rest.dropFirst(count)
        }
    }

    /// How many of the bytes one write took, none where there is no room now; nil where it failed as `errno` says.
    private static func write(_ bytes: ArraySlice<UInt8>, to number: Int32) -> Int? {
        while true {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(number, buffer.baseAddress, buffer.count)
            }
            if count >= 0 { return count }
            if errno == EAGAIN { return 0 }
            if errno != EINTR { return nil }
        }
    }

    /// Waits until there is room for a write, or it fails at once.
    private static func waitForRoom(_ number: Int32) {
        var watched = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&watched, 1, -1)
    }

    /// Whether a person reads standard error as it is written.
    static var isErrorTerminal: Bool {
        isatty(FileHandle.standardError.fileDescriptor) == 1
    }

    /// Whether a person reads standard output as it is written.
    static var isAnswerTerminal: Bool {
        isatty(FileHandle.standardOutput.fileDescriptor) == 1
    }

    /// Whether standard error may have colours: on a terminal that knows them, unless NO_COLOR says no (no-color.org).
    static var hasErrorColours: Bool { isErrorTerminal && wantsColours }

    /// Whether standard output may.
    static var hasAnswerColours: Bool { isAnswerTerminal && wantsColours }

    private static var wantsColours: Bool {
        let environment = ProcessInfo.processInfo.environment
        return environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    /// Prints a line on standard output, or several at once. See ``write(answer:)``.
    static func answer(_ text: String) throws {
        try write(answer: Array((text + "\n").utf8))
    }

    /// Prints lines on standard output, all at once; nothing where there are none.
    static func answer(lines: [String]) throws {
        guard !lines.isEmpty else { return }
        try answer(lines.joined(separator: "\n"))
    }

    /// Prints a value as JSON, on standard output.
    static func answer(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        try answer(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

/// Unix seconds now.
func currentUnixSeconds() -> Int64 {
    SystemClock.unixSeconds()
}

/// Runs `body`; what it throws is told on standard error in one line, and ends the command with exit code 1.
func telling<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as ExitCode {
        throw error
    } catch {
        throw Console.failure("\(error)")
    }
}

/// The token that was given as an argument, or read from standard input for `-`: so that it need not stand in a process list.
func tokenArgument(_ argument: String) throws -> String {
    guard argument == "-" else { return argument }
    guard let line = readLine(strippingNewline: true) else { throw Console.failure("standard input holds no token") }
    return line.trimmingCharacters(in: .whitespaces)
}
