import ArgumentParser
import Engine
import Foundation

/// What the commands say: answers on standard output, everything else on standard error.
enum Console {
    /// Says what went wrong, as `portcullis: MESSAGE`, and gives the error to throw: exit code 1, nothing more printed.
    static func failure(_ message: String) -> ExitCode {
        note("portcullis: \(message)")
        return .failure
    }

    static func note(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
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

    /// Prints a value as JSON, on standard output.
    static func answer(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
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
