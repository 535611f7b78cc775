import PolicyModel

/// Messages as far as sender and kind tell them apart.
struct MessageKind: Hashable {
    var sender: MessageRule.Source
    var opcode: MessageCondition.Opcode
}

extension MessageCondition {
    /// For which messages that `source` names it may hold, and for which it holds whatever else they are, as far as sender and
    /// kind alone tell.
    func kinds(from source: MessageRule.Source) -> (possible: Set<MessageKind>, certain: Set<MessageKind>) {
        let senders: [MessageRule.Source] = source == .both ? [.client, .upstream] : [source]
        let kinds = senders.flatMap { sender in Opcode.allCases.map { MessageKind(sender: sender, opcode: $0) } }
        let truths = kinds.map { truth($0.sender, $0.opcode) }
        return (
            Set(zip(kinds, truths).filter { $0.1 != false }.map(\.0)),
            Set(zip(kinds, truths).filter { $0.1 == true }.map(\.0))
        )
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
