import Inspection
import PolicyModel

extension PolicyDecoder {
    /// A schema's bytes, which have been compiled once to see whether they can be. nil where it has been said what is wrong.
    func schemaFile(_ name: String, isStrict: Bool, at position: SourcePosition) -> [UInt8]? {
        let bytes: [UInt8]
        switch files.read(name) {
        case .success(let content): bytes = content
        case .failure(let problem):
            refuse(position, "the schema \(quoted(name)) cannot be read: \(problem)")
            return nil
        }
        do throws(JSONSchemaError) {
            _ = try JSONSchema(bytes, isStrict: isStrict)
        } catch {
            refuse(position, "the schema \(quoted(name)) is not usable: \(error)")
            return nil
        }
        noteFile(name, bytes)
        return bytes
    }
}
