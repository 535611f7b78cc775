import Engine
import Middleware
import PolicyModel

/// What `explain` prints for people: a line for each step, what it saw below it, and what came of it all.
struct ExplainText {
    private(set) var lines: [String] = []
    private let style: TerminalStyle
    private let explanation: Explanation

    init(_ explanation: Explanation, isColoured: Bool) {
        style = TerminalStyle(isColoured: isColoured)
        self.explanation = explanation
        let handshake = explanation.handshake
        let url = explanation.shown(url: explanation.url)
        add("\(url) from \(explanation.made.peer), on listener \(handshake.listener.name)")
        for (index, earlier) in explanation.earlier.enumerated() {
            add("  handshake \(index + 1): \(Self.short(earlier))")
        }
        add("")
        for step in handshake.steps { add(step) }
        add("")
        addOutcome(handshake)
        if let identity = handshake.identity {
            add("identity: \(identity.subject)\(identity.id.map { ", token \($0)" } ?? "")")
        }
        addUpstream(handshake)
        for (index, message) in explanation.messages.enumerated() { add(message, number: index + 1) }
    }

    // MARK: - The handshake

    private mutating func add(_ step: RehearsedStep) {
        var what = ""
        let mark: String
        switch step.decision {
        case .passed: mark = style.good("✓")
        case .refused(let reason):
            mark = step.isShadow ? style.odd("~") : style.bad("✗")
            what = step.isShadow ? "would refuse: \(reason)" : reason
        case .waits(let wait):
            mark = style.odd("?")
            what = "waits for \(wait)"
        }
        let name = step.isShadow ? "\(Self.name(of: step)) (shadow)" : Self.name(of: step)
        let place = step.position.map { style.faint("\($0)") }
        let parts = [name.terminalSafe, place, what.isEmpty ? nil : what.terminalSafe]
        addStyled("\(mark) \(parts.compactMap { $0 }.joined(separator: "  "))")
        for note in step.notes { add("    \(note)") }
    }

    /// An entry of the listener's `admission` may have the name of one of the route's.
    private static func name(of step: RehearsedStep) -> String {
        step.stage == .admission ? "admission.\(step.name)" : step.name
    }

    private mutating func addOutcome(_ handshake: RehearsedHandshake) {
        switch handshake.decision {
        case .admitted: addStyled(style.good("admitted"))
        case .refused(let refusal):
            let how =
                refusal.closeCode.map { "close code \($0)" } ?? refusal.answer.map { "HTTP \($0.status)" }
                ?? "the connection ends without an answer"
            addStyled(style.bad("refused: \(refusal.reason)".terminalSafe) + " (\(how))")
            if let step = handshake.refusingStep, let position = step.position {
                add("  by \(Self.name(of: step)), \(position)")
            }
            addFields("answer", refusal.answer?.headers ?? [], body: refusal.answer?.body)
        case .answered(let answer):
            addStyled(style.good("answered") + " (HTTP \(answer.status))")
            addFields("answer", answer.headers, body: answer.body)
        case .undecided(let wait):
            addStyled(style.odd("undecided") + ": it depends on \(wait)".terminalSafe)
            switch wait {
            case .authorization: add("  say what that is with --authorize STATUS")
            case .issuerKeys: add("  --fetch-keys fetches them")
            case .firstMessage: add("  say what that is with --first-message TEXT")
            }
        }
        for refusal in handshake.shadowRefusals {
            add(
                "in shadow mode: \(refusal.middleware)\(refusal.position.map { ", \($0)," } ?? "") would have refused: "
                    + refusal.reason)
        }
    }

    private mutating func addUpstream(_ handshake: RehearsedHandshake) {
        if let upstream = handshake.upstream, let route = handshake.route {
            add("to upstream \(route.upstream), \(upstream.endpoint):")
            add("  GET \(explanation.shown(url: upstream.target))")
            for (name, value) in upstream.headers { add("  \(name): \(explanation.shown(value, of: name))") }
        }
        guard !handshake.responseEdits.isEmpty else { return }
        add("on the 101:")
        for edit in handshake.responseEdits { add("  \(edit)") }
    }

    private mutating func addFields(_ title: String, _ fields: [(name: String, value: String)], body: String?) {
        guard !fields.isEmpty else { return }
        add("\(title):")
        for (name, value) in fields { add("  \(name): \(value)") }
        if let body, !body.isEmpty { add("  \(body)") }
    }

    private static func short(_ handshake: RehearsedHandshake) -> String {
        switch handshake.decision {
        case .admitted: "admitted"
        case .refused(let refusal): "refused: \(refusal.reason)"
        case .answered(let answer): "answered (HTTP \(answer.status))"
        case .undecided(let wait): "undecided: it depends on \(wait)"
        }
    }

    // MARK: - Messages

    private mutating func add(_ message: RehearsedMessage, number: Int) {
        add("")
        var what = style.good(message.verdict.name)
        if case .closed(let code, let reason, let rule) = message.verdict {
            let how = "\(code)\(reason.isEmpty ? "" : " \(reason)")\(rule.map { ", by \($0)" } ?? "")"
            what = style.bad("\(message.verdict.name) with \(how)".terminalSafe)
        }
        addStyled("message \(number) from the \(message.sender.rawValue): \(what)")
        for hit in message.hits {
            let pointer = hit.pointer.map { "  at \($0.isEmpty ? "the whole message" : $0)" } ?? ""
            let mark = hit.isShadow ? style.odd("~") : "•"
            let name = hit.isShadow ? "\(hit.name) (shadow)" : hit.name
            let place = style.faint("\(hit.position)")
            addStyled("  \(mark) \(name.terminalSafe)  \(place)\(pointer.terminalSafe)")
        }
        if message.heldFor > 0 { add("  its sender is not read for \(Duration.nanoseconds(message.heldFor))") }
        switch message.verdict {
        case .edited, .reply: add("  \(message.isBinary ? "\(message.output.count) bytes" : text(message.output))")
        default: break
        }
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    // MARK: - Lines

    /// A terminal obeys control characters: none of somebody else's goes to it.
    private mutating func add(_ line: String) { lines.append(line.terminalSafe) }

    /// A line with colours, whose parts are safe.
    private mutating func addStyled(_ line: String) { lines.append(line) }
}
