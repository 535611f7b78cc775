/// One field of a message head.
package struct HeaderField: Sendable, Hashable {
    /// As it was sent; names are compared without case.
    package var name: String
    /// Without the white space around it.
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// The fields of a message head in their order. Names are compared without case (RFC 9110 5.1).
package struct HeaderFields: Sendable, Hashable {
    package private(set) var fields: [HeaderField]

    package init(_ fields: [HeaderField] = []) {
        self.fields = fields
    }

    /// The value of the first field of that name.
    package func first(_ name: String) -> String? {
        fields.first { $0.name.equalsIgnoringCase(name) }?.value
    }

    /// The values of all fields of that name, in order.
    package func values(_ name: String) -> [String] {
        fields.lazy.filter { $0.name.equalsIgnoringCase(name) }.map(\.value)
    }

    package func contains(_ name: String) -> Bool {
        fields.contains { $0.name.equalsIgnoringCase(name) }
    }

    /// The elements of all fields of that name, split at commas and trimmed, empty ones left out (RFC 9110 5.6.1.2).
    /// Quoted strings are not known here: for lists of tokens only.
    package func listValues(_ name: String) -> [String] {
        values(name).flatMap { value in
            value.utf8.split(separator: UInt8(ascii: ",")).compactMap { element in
                let trimmed = element.trimmingFieldWhitespace()
                return trimmed.isEmpty ? nil : String(Substring(trimmed))
            }
        }
    }

    package mutating func add(_ name: String, _ value: String) {
        fields.append(HeaderField(name: name, value: value))
    }

    /// Removes all fields of that name, then adds this one.
    package mutating func set(_ name: String, _ value: String) {
        remove(name)
        add(name, value)
    }

    package mutating func remove(_ name: String) {
        fields.removeAll { $0.name.equalsIgnoringCase(name) }
    }

    /// Removes all fields that a server could take for that name: case does not count, and `_` equals `-`, since CGI
    /// and its heirs fold both into one variable.
    package mutating func removeEquivalent(_ name: String) {
        fields.removeAll { field in
            field.name.utf8.lazy.map(\.foldedFieldName).elementsEqual(name.utf8.lazy.map(\.foldedFieldName))
        }
    }

    /// RFC 9110 5.1: a token.
    package static func isValidName(_ name: some StringProtocol) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy(ByteSet.token.contains)
    }

    /// RFC 9110 5.5: no control but the horizontal tab; no CR, LF or NUL above all.
    package static func isValidValue(_ value: some StringProtocol) -> Bool {
        value.utf8.allSatisfy { !$0.isControl || $0 == UInt8(ascii: "\t") }
    }
}

extension BidirectionalCollection<UInt8> {
    /// Without the spaces and tabs at both ends (RFC 9110 5.6.3: OWS). Linear: each end is walked once.
    func trimmingFieldWhitespace() -> SubSequence {
        var start = startIndex
        while start < endIndex, self[start].isFieldWhitespace { formIndex(after: &start) }
        var end = endIndex
        while end > start, self[index(before: end)].isFieldWhitespace { formIndex(before: &end) }
        return self[start..<end]
    }
}

extension UInt8 {
    fileprivate var isFieldWhitespace: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

    fileprivate var foldedFieldName: UInt8 { self == UInt8(ascii: "_") ? UInt8(ascii: "-") : asciiLowercased }
}
