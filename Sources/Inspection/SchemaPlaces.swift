/// Where the schemas of a file are, and what they are called: `$id` (core section 8.2.1), anchors (8.2.2) and pointers.
struct SchemaPlaces {
    /// What is wrong, and the node at which it is.
    struct Fault: Error {
        let message: String
        let node: Int

        init(_ message: String, at node: Int) {
            self.message = message
            self.node = node
        }
    }

    /// The base URI at each schema that is an object.
    private var bases: [Int: SchemaURI] = [:]
    private var resources: [SchemaURI: Int] = [:]
    private var anchors: [SchemaURI: Int] = [:]
    /// The schemas that each `$dynamicAnchor` names.
    private var dynamicAnchors: [String: Set<Int>] = [:]

    init(_ document: borrowing JSONDocument) throws(Fault) {
        resources[.unnamed] = 0
        try discover(from: 0, base: .unnamed, in: document)
    }

    /// The node of the schema that the `$ref` or `$dynamicRef` of the schema at `place` means. A dynamic one means what a
    /// plain one does as long as no second schema has the same `$dynamicAnchor`; with one it is refused.
    mutating func resolve(
        _ reference: Int, at place: Int, isDynamic: Bool, in document: borrowing JSONDocument
    ) throws(Fault) -> Int {
        let written = document.string(reference) ?? ""
        let target = (bases[place] ?? .unnamed).resolving(SchemaURI(written))
        guard let resource = resources[target.withoutFragment] else {
            throw Fault("\(quoted(written)) is outside of this file, and nothing is fetched", at: reference)
        }
        guard let fragment = target.fragment, !fragment.isEmpty else { return resource }
        if fragment.hasPrefix("/") {
            return try follow(fragment, from: resource, reference, in: document)
        }
        guard let node = anchors[target] else {
            throw Fault("there is no $anchor \(quoted(fragment)) for this reference", at: reference)
        }
        if isDynamic, let named = dynamicAnchors[fragment], named.contains(node), named.count > 1 {
            throw Fault(
                "$dynamicRef to one of several $dynamicAnchor \(quoted(fragment)) is not supported", at: reference)
        }
        return node
    }

    /// RFC 6901 section 6. The pointer may lead to where no schema was thought to be; there is one then.
    private mutating func follow(
        _ fragment: String, from resource: Int, _ reference: Int, in document: borrowing JSONDocument
    ) throws(Fault) -> Int {
        guard let pointer = Self.decoded(fragment) else {
            throw Fault("\(quoted(fragment)) is not a JSON pointer in a URI", at: reference)
        }
        var node = resource
        var base = bases[resource] ?? .unnamed
        for token in pointer.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let inner = Self.child(Self.unescaped(token), of: node, in: document) else {
                throw Fault("\(quoted(fragment)) leads to nothing in this file", at: reference)
            }
            node = inner
            base = bases[node] ?? base
        }
        switch document.kind(node) {
        case .boolean: return node
        case .object:
            if bases[node] == nil { try discover(from: node, base: base, in: document) }
            return node
        default: throw Fault("\(quoted(fragment)) leads to what is no schema", at: reference)
        }
    }

    /// Notes the names of a schema and of all in it, with a list of what is to do instead of recursion.
    private mutating func discover(from root: Int, base: SchemaURI, in document: borrowing JSONDocument) throws(Fault) {
        var pending = [(node: root, base: base)]
        while let (node, outer) = pending.popLast() {
            guard document.kind(node) == .object, bases[node] == nil else { continue }
            let base = try identify(node, outer, in: document)
            bases[node] = base
            var name = node + 1
            for _ in 0..<document.children(node) {
                let value = name + 1
                switch document.string(name).flatMap(SchemaKeyword.init(rawValue:)) {
                case .anchor: try note(anchor: value, of: node, base, in: document)
                case .dynamicAnchor:
                    try note(anchor: value, of: node, base, in: document)
                    dynamicAnchors[document.string(value) ?? "", default: []].insert(node)
                case let keyword?: add(keyword.shape, value, base, to: &pending, in: document)
                case nil: break
                }
                name = document.next(value)
            }
        }
    }

    private func add(
        _ shape: SchemaKeyword.Shape, _ value: Int, _ base: SchemaURI, to pending: inout [(node: Int, base: SchemaURI)],
        in document: borrowing JSONDocument
    ) {
        switch (shape, document.kind(value)) {
        case (.schema, _): pending.append((value, base))
        case (.schemas, .array), (.namedSchemas, .object):
            let isObject = shape == .namedSchemas
            var index = value + 1
            for _ in 0..<document.children(value) {
                let schema = isObject ? index + 1 : index
                pending.append((schema, base))
                index = document.next(schema)
            }
        default: break
        }
    }

    /// The base URI of a schema, which `$id` sets.
    private mutating func identify(_ node: Int, _ outer: SchemaURI, in document: borrowing JSONDocument) throws(Fault)
        -> SchemaURI
    {
        guard let value = Self.child(Array("$id".utf8), of: node, in: document) else { return outer }
        guard let written = document.string(value) else { throw Fault("$id must be a string", at: value) }
        let base = outer.resolving(SchemaURI(written))
        guard base.fragment ?? "" == "" else { throw Fault("$id must have no fragment; $anchor gives one", at: value) }
        let resource = base.withoutFragment
        if let other = resources.updateValue(node, forKey: resource), other != node {
            throw Fault("$id \(quoted(written)) stands twice in this file", at: value)
        }
        return resource
    }

    private mutating func note(anchor: Int, of node: Int, _ base: SchemaURI, in document: borrowing JSONDocument)
        throws(Fault)
    {
        guard let name = document.string(anchor), Self.isAnchor(name) else {
            throw Fault("an anchor is a letter or _ and then letters, digits, -, _ and .", at: anchor)
        }
        var uri = base
        uri.fragment = name
        if let other = anchors.updateValue(node, forKey: uri), other != node {
            throw Fault("the anchor \(quoted(name)) stands twice", at: anchor)
        }
    }

    /// Core section 8.2.2: `^[A-Za-z_][-A-Za-z0-9._]*$`.
    private static func isAnchor(_ name: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
        }
        guard let first = name.utf8.first, isLetter(first) else { return false }
        return name.utf8.allSatisfy { byte in
            isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: ".")
        }
    }

    /// The member of that name, or the element at that index. Names compare by their bytes.
    static func child(_ token: [UInt8], of node: Int, in document: borrowing JSONDocument) -> Int? {
        let kind = document.kind(node)
        guard kind == .object || kind == .array else { return nil }
        let position = String(decoding: token, as: UTF8.self)
        var index = node + 1
        for element in 0..<document.children(node) {
            let value = kind == .object ? index + 1 : index
            if kind == .object {
                if document.string(index).map({ $0.utf8.elementsEqual(token) }) == true { return value }
            } else if String(element) == position {
                return value
            }
            index = document.next(value)
        }
        return nil
    }

    /// Resolves `%41` and the like; nil where a percent sign has no two digits behind it.
    private static func decoded(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// RFC 6901 section 4: `~1` is a slash, `~0` a tilde.
    private static func unescaped(_ token: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = token
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "~"), let escaped = rest.first,
                escaped == UInt8(ascii: "0") || escaped == UInt8(ascii: "1")
            {
                rest.removeFirst()
                bytes.append(escaped == UInt8(ascii: "0") ? UInt8(ascii: "~") : UInt8(ascii: "/"))
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}

/// A text of the file for a message, shortened to 64 characters.
func quoted(_ text: String) -> String {
    text.count > 64 ? "\"\(text.prefix(64))…\"" : "\"\(text)\""
}
