import ArgumentParser
import Engine
import Foundation
import Logging
import Tokens

/// The operational log: a line for each event.
struct ErrorLog: LogHandler {
    enum Format: String, ExpressibleByArgument {
        /// `TIME LEVEL MESSAGE key=value …`
        case text
        /// `{"time": …, "level": …, "message": …, key: value …}`
        case json
    }

    var format = Format.text
    /// Where the lines go.
    let note: @Sendable (String) -> Void
    var logLevel = Logger.Level.notice
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }.mapValues { "\($0)" }
        note(format.line(event.level, "\(event.message)", fields))
    }
}

extension ErrorLog.Format {
    /// The line of an event now, without its end.
    func line(_ level: Logger.Level, _ message: String, _ fields: [String: String]) -> String {
        let time = Timestamp.rfc3339(SystemClock.unixSeconds())
        return switch self {
        case .text: Self.text(level, message, at: time, fields)
        case .json: Self.json(level, message, at: time, fields)
        }
    }

    private static func text(
        _ level: Logger.Level, _ message: String, at time: String, _ fields: [String: String]
    ) -> String {
        let fields = fields.sorted { $0.key < $1.key }.map { " \($0.key)=\(quoted($0.value))" }.joined()
        return "\(time) \(level) \(message)\(fields)"
    }

    private static func json(
        _ level: Logger.Level, _ message: String, at time: String, _ fields: [String: String]
    ) -> String {
        var object = fields
        object["time"] = time
        object["level"] = level.rawValue
        object["message"] = message
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // An object of strings can always be written.
        return (try? encoder.encode(object)).map { String(decoding: $0, as: UTF8.self) }
            ?? text(level, message, at: time, fields)
    }

    /// Values with spaces or control characters stand in quotes, so that a line stays a line.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != 0x7f }
        return isPlain && !text.isEmpty ? text : text.debugDescription
    }
}
