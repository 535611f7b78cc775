internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// Messages that a rule writes down with their payloads.
extension Session: MessageJournal {
    func note(_ rule: String, _ sender: MessageSender, _ opcode: Opcode, _ payload: Span<UInt8>) {
        host.write(facts.with(LoggedMessage(rule: rule, sender: sender, opcode: opcode, payload: payload)))
    }
}
