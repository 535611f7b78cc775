import PolicyFile
import PolicyModel

/// A policy file: all bytes are the file's.
enum PolicyTarget {
    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        let loaded = PolicyLoader.decode([PolicySource(name: "fuzz.yaml", bytes: bytes)])
        let isRefused = loaded.diagnostics.contains { $0.severity == .error }
        try require((loaded.policy == nil) == isRefused, "half a policy: \(loaded.diagnostics)")
        for diagnostic in loaded.diagnostics {
            try require(
                diagnostic.position.line >= 1 && diagnostic.position.column >= 1, "position of: \(diagnostic)")
            try require(
                diagnostic.message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control },
                "control characters in: \(diagnostic.message.debugDescription)")
            try require(diagnostic.message.utf8.count <= 4096, "long: \(diagnostic)")
        }
    }
}
