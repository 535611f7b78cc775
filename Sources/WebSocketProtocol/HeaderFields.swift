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
///
/// They are kept as the bytes in which they came, and become strings when somebody asks for them: most of a head is looked
/// through and passed on, and that needs none.
package struct HeaderFields: Sendable {
    /// Names and values lie in it. Those of fields that were removed stay, and no place leads to them.
    private var bytes: [UInt8]
    private var places: [Place]

    /// Where a field's name and value lie.
    struct Place {
        let name: Range<Int>
        let value: Range<Int>
    }

    package init(_ fields: [HeaderField] = []) {
        bytes = []
        places = []
        for field in fields { add(field.name, field.value) }
    }

    /// Fields that have been read, and checked to be UTF-8. All places lie in `bytes`.
    init(bytes: [UInt8], places: [Place]) {
        self.bytes = bytes
        self.places = places
    }

    /// All of them as strings.
    package var fields: [HeaderField] {
        places.map { HeaderField(name: string($0.name), value: string($0.value)) }
    }

    /// The value of the first field of that name.
    package func first(_ name: String) -> String? {
        places.first { isNamed(name, $0) }.map { string($0.value) }
    }

    /// The values of all fields of that name, in order.
    package func values(_ name: String) -> [String] {
        var values: [String] = []
        for place in places where isNamed(name, place) { values.append(string(place.value)) }
        return values
    }

    package func contains(_ name: String) -> Bool {
        places.contains { isNamed(name, $0) }
    }

    /// The elements of all fields of that name, split at commas and trimmed, empty ones left out (RFC 9110 5.6.1.2).
    /// Quoted strings are not known here: for lists of tokens only.
    package func listValues(_ name: String) -> [String] {
        var elements: [String] = []
        for place in places where isNamed(name, place) {
            var start = place.value.lowerBound
            while start < place.value.upperBound {
                let rest = bytes[start..<place.value.upperBound]
                let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
                let element = bytes[start..<end].trimmingFieldWhitespace()
                if !element.isEmpty { elements.append(string(element.startIndex..<element.endIndex)) }
                start = end + 1
            }
        }
        return elements
    }

    package mutating func add(_ name: String, _ value: String) {
        let start = bytes.count
        bytes.append(contentsOf: name.utf8)
        let end = bytes.count
        bytes.append(contentsOf: value.utf8)
        places.append(Place(name: start..<end, value: end..<bytes.count))
    }

    /// Removes all fields of that name, then adds this one.
    package mutating func set(_ name: String, _ value: String) {
        remove(name)
        add(name, value)
    }

    package mutating func remove(_ name: String) {
        removeNames { $0.spells(name, at: $1) { $0.asciiLowercased } }
    }

    /// Removes all fields that a server could take for that name: case does not count, and `_` equals `-`, since CGI
    /// and its heirs fold both into one variable.
    package mutating func removeEquivalent(_ name: String) {
        removeNames { $0.spells(name, at: $1) { $0.foldedFieldName } }
    }

    /// Removes all fields that a server could take for that name and that have another one.
    package mutating func removeOtherSpellings(of name: String) {
        removeNames { bytes, place in
            bytes.spells(name, at: place) { $0.foldedFieldName }
                && !bytes.spells(name, at: place) { $0.asciiLowercased }
        }
    }

    /// Removes all fields whose names a server could take for one that begins with the prefix; see ``removeEquivalent(_:)``.
    package mutating func removeEquivalent(prefix: String) {
        removeNames { $0.spells(prefix, at: $1.prefix(prefix.utf8.count)) { $0.foldedFieldName } }
    }

    /// Removes all fields whose names are meant; `isMeant` is told where a name lies, and in what.
    private mutating func removeNames(where isMeant: (_ bytes: [UInt8], _ name: Range<Int>) -> Bool) {
        let bytes = bytes
        places.removeAll { isMeant(bytes, $0.name) }
    }

    /// Names and values as bytes.
    var slices: some Sequence<(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)> {
        places.lazy.map { [bytes] in (bytes[$0.name], bytes[$0.value]) }
    }

    private func isNamed(_ name: String, _ place: Place) -> Bool {
        bytes.spells(name, at: place.name) { $0.asciiLowercased }
    }

    private func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// RFC 9110 5.1: a token.
    package static func isValidName(_ name: String) -> Bool {
        isValidName(name.utf8)
    }

    /// RFC 9110 5.5: no control but the horizontal tab; no CR, LF or NUL above all.
    package static func isValidValue(_ value: String) -> Bool {
        isValidValue(value.utf8)
    }

    static func isValidName(_ name: some Collection<UInt8>) -> Bool {
        !name.isEmpty && name.allSatisfy(ByteSet.token.contains)
    }

    static func isValidValue(_ value: some Sequence<UInt8>) -> Bool {
        value.allSatisfy { !$0.isControl || $0 == UInt8(ascii: "\t") }
    }
}

extension HeaderFields: Hashable {
    package static func == (left: HeaderFields, right: HeaderFields) -> Bool { left.fields == right.fields }

    package func hash(into hasher: inout Hasher) { hasher.combine(fields) }
}

extension BidirectionalCollection<UInt8> {
    /// Without the spaces and tabs at both ends (RFC 9110 5.6.3: OWS). Linear: each end is walked once.
    package func trimmingFieldWhitespace() -> SubSequence {
        var start = startIndex
        while start < endIndex, self[start].isFieldWhitespace { formIndex(after: &start) }
        var end = endIndex
        while end > start, self[index(before: end)].isFieldWhitespace { formIndex(before: &end) }
        return self[start..<end]
    }
}

extension [UInt8] {
    /// Whether the bytes at `range` are those of `text`, where all that `folded` makes equal is equal.
    fileprivate func spells(_ text: String, at range: Range<Int>, _ folded: (UInt8) -> UInt8) -> Bool {
        guard range.count == text.utf8.count else { return false }
        var index = range.lowerBound
        for byte in text.utf8 {
            guard folded(self[index]) == folded(byte) else { return false }
            index += 1
        }
        return true
    }
}

extension UInt8 {
    fileprivate var isFieldWhitespace: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

    fileprivate var foldedFieldName: UInt8 { self == UInt8(ascii: "_") ? UInt8(ascii: "-") : asciiLowercased }
}
