/// Gathers one message's fragments, unmasked. Memory grows with the bytes that came, never with what a header declares;
/// a ``FrameParser``'s limits bound it. Storage is lent at a message's start and handed back with it, so that an idle
/// connection holds none.
package struct MessageAssembler: Sendable {
    private var opcode: Opcode?
    private var payload: [UInt8] = []

    package init() {}

    /// Bytes gathered so far.
    package var count: Int { payload.count }

    /// Begins a message; `storage` lends its capacity, its elements are dropped.
    package mutating func begin(_ opcode: Opcode, storage: consuming [UInt8] = []) {
        self.opcode = opcode
        // Emptied while nobody else holds it, or it would be copied instead.
        storage.removeAll(keepingCapacity: true)
        payload = storage
    }

    /// Adds the bytes of `source` in `range`, unmasked with `key`, which stands at the range's start.
    package mutating func append(_ source: Span<UInt8>, _ range: Range<Int>, key: MaskingKey) {
        let start = payload.count
        payload.append(contentsOf: repeatElement(0, count: range.count))
        var target = payload.mutableSpan
        Masking.copy(source, range, into: &target, at: start, key: key)
    }

    /// Ends the message and hands its bytes over. nil if none has begun.
    package mutating func finish() -> (opcode: Opcode, payload: [UInt8])? {
        guard let opcode else { return nil }
        self.opcode = nil
        let finished = payload
        payload = []
        return (opcode, finished)
    }
}
