import Foundation
import Logging
import Tokens

/// The operational log: a line for each event on standard error, `TIME LEVEL MESSAGE key=value …`.
struct ErrorLog: LogHandler {
    var logLevel = Logger.Level.notice
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
            .sorted { $0.key < $1.key }
            .map { " \($0.key)=\(Self.quoted("\($0.value)"))" }
            .joined()
        let time = Timestamp.rfc3339(Int64(Date().timeIntervalSince1970))
        Console.note("\(time) \(event.level) \(event.message)\(fields)")
    }

    /// Values with spaces or control characters stand in quotes, so that a line stays a line.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != 0x7f }
        return isPlain && !text.isEmpty ? text : text.debugDescription
    }
}
