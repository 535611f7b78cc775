import PolicyFile
import PolicyModel
import Tokens

/// A file of policy tests: all bytes are the file's.
enum PolicyTestsTarget {
    private static let words = PolicyTestWords(reasons: ["custom-closed"]) { Timestamp.unixSeconds(rfc3339: $0) }

    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        let source = PolicySource(name: "fuzz.test.yaml", bytes: bytes)
        switch PolicyTestLoader.decode(source, words: words) {
        case .success(let file):
            try require(!file.cases.isEmpty, "a file without tests")
            for test in file.cases {
                try require(test.handshake.host != nil && test.handshake.target != nil, "a handshake to nowhere")
                try require(test.handshake.repetitions >= 1, "a handshake that is never made")
            }
        case .failure(let error):
            try require(!error.diagnostics.isEmpty, "refused without a word")
            for diagnostic in error.diagnostics {
                try require(
                    diagnostic.position.line >= 1 && diagnostic.position.column >= 1, "position of: \(diagnostic)")
                try require(
                    diagnostic.message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control },
                    "control characters in: \(diagnostic.message.debugDescription)")
                try require(diagnostic.message.utf8.count <= 4096, "long: \(diagnostic)")
            }
        }
    }
}
