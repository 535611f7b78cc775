import ArgumentParser
import Foundation
import WebSocketProtocol

/// A header field as a command line has it, `Name: value`.
enum HeaderArgument {
    /// White space around the value is no part of it; whether a header may have such a value is not looked at. `option`:
    /// what the text was given with, for the error.
    static func parse(_ text: String, option: String) throws -> (name: String, value: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, HeaderFields.isValidName(String(parts[0])) else {
            throw ValidationError("\(option) must look like 'Name: value': '\(text)'.")
        }
        return (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces))
    }
}
