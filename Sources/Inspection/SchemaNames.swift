/// Gathers the names of one object's schema, each once, found by their hashes.
struct SchemaNames {
    private(set) var names: [SchemaName] = []
    private var slots: [Int32] = []

    /// Adds the name at a node of the schema unless it is there, and gives its position.
    mutating func add(_ node: Int, in schema: borrowing JSONDocument) -> Int {
        let hash = UInt32(truncatingIfNeeded: schema.withBytes(node) { bytes in JSONHash.of(bytes) })
        if let position = find(hash, node, in: schema) { return position }
        names.append(SchemaName(hash: hash, node: node))
        if names.count * 2 > slots.count {
            slots = [Int32](repeating: 0, count: max(4, slots.count * 2))
            for position in names.indices { insert(position) }
        } else {
            insert(names.count - 1)
        }
        return names.count - 1
    }

    mutating func setRule(_ rule: Int32, at position: Int) { names[position].rule = rule }

    /// Puts the names into the program's rows.
    func table(in program: inout SchemaProgram) -> NameTable {
        let table = NameTable(
            start: Int32(program.names.count), count: Int32(names.count), slotsStart: Int32(program.nameSlots.count),
            mask: Int32(slots.count - 1))
        program.names += names
        program.nameSlots += slots
        return table
    }

    private func find(_ hash: UInt32, _ node: Int, in schema: borrowing JSONDocument) -> Int? {
        guard !slots.isEmpty else { return nil }
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let position = Int(slots[slot]) - 1
            if names[position].hash == hash, schema.stringEquals(node, names[position].node, in: schema) {
                return position
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private mutating func insert(_ position: Int) {
        var slot = Int(names[position].hash) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(position + 1)
    }
}
