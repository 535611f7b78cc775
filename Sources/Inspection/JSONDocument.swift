internal import CInspection

/// A JSON text as a row of nodes, lent by a `JSONDocumentReader`. A node is named by its index: the whole text is 0, what
/// an array or object holds follows it, and in an object each value has its name, a string, in front of it.
///
/// It cannot outlive the call that lends it: it is neither copied nor consumed. Unchecked, but safe to share as long as it
/// is lent: nothing writes to what it points at.
@safe package struct JSONDocument: ~Copyable, @unchecked Sendable {
    package enum Kind: Sendable, Hashable {
        case null
        case boolean
        /// A whole number, however it is written.
        case integer
        /// A number with a fraction, or one past the range of doubles.
        case fraction
        case string
        case array
        case object
    }

    // Both good, and not written to, as long as the document is lent.
    private let nodes: UnsafeBufferPointer<inspection_node>
    private let text: UnsafeBufferPointer<UInt8>

    /// The tape must outlive the document.
    @unsafe init(_ tape: inspection_tape) {
        unsafe nodes = UnsafeBufferPointer(start: tape.nodes, count: tape.count)
        unsafe text = UnsafeBufferPointer(start: tape.text, count: tape.length)
    }

    /// What it was made of, good as long as the document is lent.
    @unsafe var tape: inspection_tape {
        unsafe inspection_tape(nodes: nodes.baseAddress, count: nodes.count, text: text.baseAddress, length: text.count)
    }

    /// The number of nodes, at least 1.
    package var count: Int { unsafe nodes.count }

    @unsafe private init(nodes: UnsafeBufferPointer<inspection_node>, text: UnsafeBufferPointer<UInt8>) {
        unsafe self.nodes = unsafe nodes
        unsafe self.text = unsafe text
    }

    /// Bytes of the text.
    package var length: Int { unsafe text.count }

    /// A node; indices come from nodes and are less than `count`.
    subscript(index: Int) -> inspection_node {
        @inline(__always) get {
            precondition(index >= 0 && index < count)
            return unsafe nodes[index]
        }
    }

    package func kind(_ index: Int) -> Kind {
        switch self[index].kind {
        case INSPECTION_NODE_NULL.rawValue: .null
        case INSPECTION_NODE_FALSE.rawValue, INSPECTION_NODE_TRUE.rawValue: .boolean
        case INSPECTION_NODE_FRACTION.rawValue: .fraction
        case INSPECTION_NODE_STRING.rawValue: .string
        case INSPECTION_NODE_ARRAY.rawValue: .array
        case INSPECTION_NODE_OBJECT.rawValue: .object
        default: .integer
        }
    }

    /// The index behind a value and all that it holds.
    package func next(_ index: Int) -> Int { Int(self[index].next) }

    /// Where the value stands in the text, in bytes.
    package func place(_ index: Int) -> Range<Int> {
        let node = self[index]
        return Int(node.start)..<Int(node.end)
    }

    /// Whether a value is `true`.
    package func isTrue(_ index: Int) -> Bool { self[index].kind == INSPECTION_NODE_TRUE.rawValue }

    /// Elements of an array, members of an object; 0 for other values.
    package func children(_ index: Int) -> Int {
        let node = self[index]
        return node.kind >= INSPECTION_NODE_ARRAY.rawValue ? Int(node.value) : 0
    }

    /// A string's text; nil for other values.
    package func string(_ index: Int) -> String? {
        guard self[index].kind == INSPECTION_NODE_STRING.rawValue else { return nil }
        return unsafe String(decoding: bytes(index), as: UTF8.self)
    }

    /// Lends a string's unescaped bytes, which are UTF-8; none for other values.
    @inline(__always)
    func withBytes<Result>(_ index: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        unsafe body(bytes(index).span)
    }

    /// Lends a value as it stands in the text, which is how numbers are written; a string's escapes are resolved in place.
    func withText<Result>(_ index: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        let place = place(index)
        precondition(unsafe place.upperBound <= text.count)
        return unsafe body(UnsafeBufferPointer(rebasing: text[place]).span)
    }

    /// Whether two strings have the same bytes.
    @inline(__always)
    func stringEquals(_ index: Int, _ otherIndex: Int, in other: borrowing JSONDocument) -> Bool {
        let (left, right) = unsafe (bytes(index), other.bytes(otherIndex))
        return unsafe left.count == right.count
            && inspection_equal(left.baseAddress, right.baseAddress, left.count) != 0
    }

    /// A string's unescaped bytes, good as long as the document is lent.
    @inline(__always)
    private func bytes(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        let node = self[index]
        let length = node.kind == INSPECTION_NODE_STRING.rawValue ? Int(UInt32(truncatingIfNeeded: node.value)) : 0
        let start = length == 0 ? 0 : Int(node.start) + 1
        precondition(unsafe start + length <= text.count)
        return unsafe UnsafeBufferPointer(rebasing: text[start..<start + length])
    }

    /// The hash of an object's member's name, at the name's node.
    func nameHash(_ index: Int) -> UInt32 { UInt32(truncatingIfNeeded: self[index].value >> 32) }

    /// A document of its own memory, which lives until `deallocate`.
    @unsafe func copied() -> JSONDocument {
        let nodes = unsafe UnsafeMutableBufferPointer<inspection_node>.allocate(capacity: self.nodes.count)
        _ = unsafe nodes.initialize(fromContentsOf: self.nodes)
        let text = unsafe UnsafeMutableBufferPointer<UInt8>.allocate(capacity: self.text.count)
        _ = unsafe text.initialize(fromContentsOf: self.text)
        return unsafe JSONDocument(nodes: UnsafeBufferPointer(nodes), text: UnsafeBufferPointer(text))
    }

    /// Ends what `copied` made, once.
    @unsafe func deallocate() {
        unsafe nodes.deallocate()
        unsafe text.deallocate()
    }
}
