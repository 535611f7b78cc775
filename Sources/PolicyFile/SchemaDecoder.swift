import Inspection
import PolicyModel

extension PolicyDecoder {
    /// A schema's bytes, which have been compiled once to see whether they can be. nil where it has been said what is wrong.
    func schemaFile(_ name: String, isStrict: Bool, at position: SourcePosition) -> [UInt8]? {
        let bytes: [UInt8]
        noteName(of: name)
        switch files.read(name) {
        case .success(let content): bytes = content
        case .failure(let problem):
            refuse(position, "the schema \(quoted(name)) cannot be read: \(problem)")
            return nil
        }
        do throws(JSONSchemaError) {
            _ = try JSONSchema(bytes, isStrict: isStrict)
        } catch {
            refuse(position, "the schema \(quoted(name)) cannot be used: \(place(of: error, in: name))\(error.message)")
            return nil
        }
        noteFile(name, bytes)
        return bytes
    }

    /// `chat.schema.json:3:5: /properties/a: `, as far as it is known.
    private func place(of error: JSONSchemaError, in name: String) -> String {
        var place = ""
        if let line = error.line, let column = error.column { place += "\(name):\(line):\(column): " }
        if let pointer = error.pointer, !pointer.isEmpty { place += "\(pointer): " }
        return place
    }
}
