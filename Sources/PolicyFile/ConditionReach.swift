import PolicyModel

extension MessageCondition {
    /// Whether it holds for some messages that `source` names, as far as sender and kind alone tell.
    func canHold(from source: MessageRule.Source) -> Bool {
        let senders: [MessageRule.Source] = source == .both ? [.client, .upstream] : [source]
        return senders.contains { sender in Opcode.allCases.contains { truth(sender, $0) != false } }
    }

    /// nil where it depends on what else there is.
    private func truth(_ sender: MessageRule.Source, _ opcode: Opcode) -> Bool? {
        switch self {
        case .all(let inner):
            let truths = inner.map { $0.truth(sender, opcode) }
            return truths.contains(false) ? false : truths.contains(nil) ? nil : true
        case .any(let inner):
            let truths = inner.map { $0.truth(sender, opcode) }
            return truths.contains(true) ? true : truths.contains(nil) ? nil : false
        case .not(let inner): return inner.truth(sender, opcode).map { !$0 }
        case .sender(let source): return source == .both || source == sender
        case .opcode(let wanted): return wanted == opcode
        case .text: return opcode == .text ? nil : false
        case .binaryPrefix, .notUTF8: return opcode == .binary ? nil : false
        case .size, .json, .notJSON, .connection: return nil
        }
    }
}
