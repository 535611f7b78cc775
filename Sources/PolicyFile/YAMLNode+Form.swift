import PolicyModel

extension YAMLNode {
    /// What it says, whatever its layout.
    var form: PolicyForm {
        var hasher = Hasher()
        feed(&hasher)
        return PolicyForm(hasher)
    }

    /// Each part begins with what it is and how long it is, so that no two values look the same.
    func feed(_ hasher: inout Hasher) {
        switch content {
        case .scalar(let text, _):
            // Quotes count only where YAML would read something else without them.
            switch scalarKind {
            case .boolean(let flag): hasher.combine(flag ? Part.yes : .no)
            case .null: hasher.combine(Part.nothing)
            case .integer, .float: hasher.combine(Part.number, text)
            case .string, nil: hasher.combine(Part.text, text)
            }
        case .sequence(let elements):
            hasher.combine(Part.list)
            hasher.combine(elements.count)
            for element in elements { element.feed(&hasher) }
        case .mapping(let entries):
            hasher.combine(Part.mapping)
            hasher.combine(entries.count)
            for entry in entries.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                hasher.combine(Part.text, entry.key)
                entry.value.feed(&hasher)
            }
        }
    }

    private enum Part { case yes, no, nothing, number, text, list, mapping }
}

extension Hasher {
    /// Byte by byte: as texts some that differ are equal to Swift.
    fileprivate mutating func combine(_ part: some Hashable, _ text: String) {
        combine(part)
        combine(text.utf8.count)
        for byte in text.utf8 { combine(byte) }
    }
}
