import Engine
import Middleware
import PolicyModel

/// What `explain` prints for people: a line for each step, what it saw below it, and what came of it all.
struct ExplainText {
    /// Where a colour begins or ends within a line that is being made: characters for private use. In somebody
    /// else's text they could colour it, and no more.
    private enum Color: Character {
        case good = "\u{f8f0}"
        case bad = "\u{f8f1}"
        case odd = "\u{f8f2}"
        case faint = "\u{f8f3}"
        case end = "\u{f8f4}"

        /// What a terminal is told (ECMA-48 section 8.3.117).
        var code: String {
            switch self {
            case .good: "\u{1b}[32m"
            case .bad: "\u{1b}[31m"
            case .odd: "\u{1b}[33m"
            case .faint: "\u{1b}[2m"
            case .end: "\u{1b}[0m"
            }
        }
    }

    private(set) var lines: [String] = []
    private let isColoured: Bool
    private let explanation: Explanation

    init(_ explanation: Explanation, isColoured: Bool) {
        self.isColoured = isColoured
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
        case .passed: mark = paint("✓", .good)
        case .refused(let reason):
            mark = step.isShadow ? paint("~", .odd) : paint("✗", .bad)
            what = step.isShadow ? "would refuse: \(reason)" : reason
        case .waits(let wait):
            mark = paint("?", .odd)
            what = "waits for \(wait)"
        }
        let name = step.isShadow ? "\(step.name) (shadow)" : step.name
        let place = step.position.map { paint("\($0)", .faint) }
        add("\(mark) \([name, place, what.isEmpty ? nil : what].compactMap { $0 }.joined(separator: "  "))")
        for note in step.notes { add("    \(note)") }
    }

    private mutating func addOutcome(_ handshake: RehearsedHandshake) {
        switch handshake.decision {
        case .admitted: add(paint("admitted", .good))
        case .refused(let refusal):
            let how =
                refusal.closeCode.map { "close code \($0)" } ?? refusal.answer.map { "HTTP \($0.status)" }
                ?? "the connection ends without an answer"
            add(paint("refused: \(refusal.reason)", .bad) + " (\(how))")
            if let step = handshake.refusingStep, let position = step.position {
                add("  by \(step.name), \(position)")
            }
            addFields("answer", refusal.answer?.headers ?? [], body: refusal.answer?.body)
        case .answered(let answer):
            add(paint("answered", .good) + " (HTTP \(answer.status))")
            addFields("answer", answer.headers, body: answer.body)
        case .undecided(let wait):
            add(paint("undecided", .odd) + ": it depends on \(wait)")
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
        var what = message.verdict.name
        var color = Color.good
        if case .closed(let code, let reason, let rule) = message.verdict {
            what += " with \(code)\(reason.isEmpty ? "" : " \(reason)")\(rule.map { ", by \($0)" } ?? "")"
            color = .bad
        }
        add("message \(number) from the \(message.sender == .client ? "client" : "upstream"): \(paint(what, color))")
        for hit in message.hits {
            let pointer = hit.pointer.map { "  at \($0.isEmpty ? "the whole message" : $0)" } ?? ""
            let name = hit.isShadow ? "\(paint("~", .odd)) \(hit.name) (shadow)" : "• \(hit.name)"
            add("  \(name)  \(paint("\(hit.position)", .faint))\(pointer)")
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
    private mutating func add(_ line: String) {
        var clean = ""
        for scalar in line.unicodeScalars {
            if let color = Color(rawValue: Character(scalar)) {
                if isColoured { clean += color.code }
                continue
            }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                clean += "\\u{\(String(scalar.value, radix: 16))}"
            default: clean.unicodeScalars.append(scalar)
            }
        }
        lines.append(clean)
    }

    private func paint(_ text: String, _ color: Color) -> String {
        "\(color.rawValue)\(text)\(Color.end.rawValue)"
    }
}
