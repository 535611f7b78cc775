import PolicyFile
import PolicyModel

/// A policy file: all bytes are the file's. It may name a middleware that is no built-in, and reads a setting of each kind.
enum PolicyTarget {
    private static let extensions = ExtensionCatalog(
        middleware: [
            ExtensionCatalog.Item(name: "custom") { reader in
                _ = reader.string("string", isRequired: true)
                _ = reader.boolean("boolean", isRequired: false)
                _ = reader.integer("integer", in: -9...9, isRequired: false)
                _ = reader.number("number", in: -1...1, isRequired: false)
                _ = reader.duration("duration", in: .milliseconds(1) ... .seconds(60), isRequired: false)
                _ = reader.size("size", in: 1...4096, isRequired: false)
                _ = reader.strings("strings", isRequired: false)
                _ = reader.integers("integers", in: 0...9, isRequired: false)
                _ = reader.mapping("mapping", isRequired: false)?.string("string", isRequired: true)
                for inner in reader.mappings("mappings", isRequired: false) ?? [] {
                    _ = inner.string("string", isRequired: true)
                }
                reader.note(reader.problem("string", reader.string("string", isRequired: false) ?? ""))
                reader.finish()
            }
        ])

    static func fuzz(_ bytes: [UInt8]) throws(BrokenContract) {
        let loaded = PolicyLoader.decode([PolicySource(name: "fuzz.yaml", bytes: bytes)], extensions: extensions)
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
