import ArgumentParser
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

    /// Whether standard error may have colours: on a terminal that knows them, unless NO_COLOR says no (no-color.org).
    static var hasErrorColours: Bool { isErrorTerminal && wantsColours }

    /// Whether standard output may.
    static var hasAnswerColours: Bool { isatty(FileHandle.standardOutput.fileDescriptor) == 1 && wantsColours }

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
