import Engine
import Foundation
import PolicyModel

/// A message in what `explain --json` prints.
struct ExplainedMessage: Encodable {
    struct Hit: Encodable {
        let name: String
        let position: ReportedPlace
        let shadow: Bool
        let pointer: String?
    }

    /// `client` or `upstream`.
    let from: String
    /// `text` or `binary`.
    let type: String
    /// `passed`, `edited`, `dropped`, `reply`, `closed`, `renewed` or `renewal-postponed`.
    let verdict: String
    /// Of the close frame.
    let code: UInt16?
    let reason: String?
    let rule: String?
    /// What goes on, or back; of a binary message in base64.
    let output: String?
    let hits: [Hit]
    /// For how many milliseconds its sender is not read.
    let heldForMilliseconds: Int64?

    init(_ message: RehearsedMessage) {
        from = message.sender.rawValue
        type = message.isBinary ? "binary" : "text"
        verdict = message.verdict.name
        switch message.verdict {
        case .closed(let code, let reason, let rule): (self.code, self.reason, self.rule) = (code, reason, rule)
        default: (code, reason, rule) = (nil, nil, nil)
        }
        switch message.verdict {
        case .passed, .edited:
            let bytes = Data(message.output)
            output = message.isBinary ? bytes.base64EncodedString() : String(decoding: bytes, as: UTF8.self)
        case .reply: output = String(decoding: message.output, as: UTF8.self)
        default: output = nil
        }
        hits = message.hits.map {
            Hit(name: $0.name, position: ReportedPlace($0.position), shadow: $0.isShadow, pointer: $0.pointer)
        }
        heldForMilliseconds = message.heldFor > 0 ? message.heldFor / 1_000_000 : nil
    }
}

extension RehearsedMessage.Verdict {
    /// The stable spelling.
    var name: String {
        switch self {
        case .passed: "passed"
        case .edited: "edited"
        case .dropped: "dropped"
        case .reply: "reply"
        case .closed: "closed"
        case .renewed: "renewed"
        case .renewalPostponed: "renewal-postponed"
        }
    }
}
