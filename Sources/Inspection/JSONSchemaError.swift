/// Why a schema cannot be used.
package struct JSONSchemaError: Error, Hashable {
    /// A sentence without a full stop, in lower case, that quotes at most 64 characters of the file.
    package let message: String
    /// Where in the file, both from 1; the column in bytes. nil where the file as a whole is at fault.
    package let line: Int?
    package let column: Int?
    /// An RFC 6901 pointer to the place in the schema. nil where the file is not JSON.
    package let pointer: String?

    init(_ message: String, at offset: Int?, in file: [UInt8], pointer: String? = nil) {
        self.message = message
        self.pointer = pointer
        guard let offset else {
            (line, column) = (nil, nil)
            return
        }
        let before = file.prefix(offset)
        line = before.count { $0 == UInt8(ascii: "\n") } + 1
        column = offset - (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1)
    }
}
