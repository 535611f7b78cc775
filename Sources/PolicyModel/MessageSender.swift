/// Who sent a message.
package enum MessageSender: String, Sendable, CaseIterable {
    case client
    case upstream
}
