/// A JSON Schema, draft 2020-12, compiled once, that any number of threads may validate messages against.
@safe package final class JSONSchema: Sendable {
    /// Bytes of the longest schema file.
    package static let maximumBytes = 1 << 20

    let program: SchemaProgram
    /// The file's own nodes and text, for names and constants.
    let document: JSONDocument

    /// Compiles a schema file. `isStrict`: a keyword that is not known is an error; otherwise it is ignored, as the
    /// specification has it. What cannot be done is an error either way: nothing that restricts is passed over.
    package init(_ bytes: [UInt8], isStrict: Bool) throws(JSONSchemaError) {
        guard bytes.count <= Self.maximumBytes else {
            throw JSONSchemaError("the file is longer than \(Self.maximumBytes) bytes", at: nil, in: bytes)
        }
        var reader = JSONDocumentReader()
        switch reader.read(bytes.span) {
        case .json: break
        case .notJSON:
            let place = reader.fault(in: bytes.span)
            throw JSONSchemaError("from here on this is not JSON (RFC 8259)", at: place, in: bytes)
        case .failed: throw JSONSchemaError("there is not enough memory for it", at: nil, in: bytes)
        }
        let program = try reader.withDocument { read throws(JSONSchemaError) in
            do throws(SchemaPlaces.Fault) {
                return try SchemaCompiler.compile(read, isStrict: isStrict)
            } catch {
                let pointer = JSONPointerText.of(error.node, in: read, maximum: SchemaViolation.maximumPointerBytes)
                throw JSONSchemaError(
                    error.message, at: read.place(error.node).lowerBound, in: bytes, pointer: pointer)
            }
        }
        guard let program, let kept = reader.withDocument({ read in unsafe read.copied() }) else {
            throw JSONSchemaError("there is not enough memory for it", at: nil, in: bytes)
        }
        self.program = program
        document = kept
    }

    deinit {
        // Made by `copied` for this schema alone, and lent no longer than it lives.
        unsafe document.deallocate()
    }
}
