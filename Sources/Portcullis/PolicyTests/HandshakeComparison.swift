import PolicyModel

/// What a test expects of a handshake beside what has become of it.
struct HandshakeComparison {
    let expected: HandshakeExpectation
    let actual: ObservedHandshake

    /// All that is not as it should be. Where it is decided otherwise, that alone: nothing else can be compared then.
    var failures: [TestFailure] {
        guard isDecided else {
            return [failure("the decision", words(of: expected), words(of: actual))]
        }
        var failures: [TestFailure] = []
        if let route = expected.route, route != actual.route {
            failures.append(failure("the route", route, actual.route ?? "none"))
        }
        if let status = expected.status, case .refused(_, let actual, _) = actual.decision, status != actual {
            failures.append(failure("the status", "\(status)", actual.map { "\($0)" } ?? "none: closed before TLS"))
        }
        if let target = expected.target, target != actual.target {
            failures.append(failure("the path toward the upstream", target, actual.target ?? "none"))
        }
        if let subprotocols = expected.subprotocols, subprotocols != actual.subprotocols {
            failures.append(
                failure("the subprotocols toward the upstream", list(subprotocols), list(actual.subprotocols)))
        }
        if let subject = expected.subject, subject != actual.subject {
            failures.append(failure("the subject", subject, actual.subject ?? "none"))
        }
        if let shadow = expected.shadow, shadow.sorted() != actual.shadow.sorted() {
            failures.append(failure("what would have refused in shadow mode", list(shadow), list(actual.shadow)))
        }
        return failures + headerFailures
    }

    private var isDecided: Bool {
        switch (expected.decision, actual.decision) {
        case (.admitted, .admitted), (.refused(reason: nil), .refused): true
        case (.refused(let wanted?), .refused(let reason, _, _)): wanted == reason
        default: false
        }
    }

    private var headerFailures: [TestFailure] {
        let toward = expected.upstreamHeaders.compactMap { header in
            failure(of: header, "the header \(header.name) toward the upstream", actual.upstreamHeaders)
        }
        let answer = expected.responseHeaders.compactMap { header in
            failure(of: header, "the header \(header.name) of the answer", actual.responseHeaders)
        }
        return toward + answer
    }

    private func failure(
        of header: HeaderExpectation, _ subject: String, _ fields: [(name: String, value: String)]
    ) -> TestFailure? {
        let isAbsent = header.value == .absent
        // What an upstream could take for it must not be there either.
        let values = fields.filter { Self.plain($0.name, isAbsent) == Self.plain(header.name, isAbsent) }.map(\.value)
        let wanted: String
        switch header.value {
        case .absent:
            if values.isEmpty { return nil }
            wanted = "none"
        case .present:
            if !values.isEmpty { return nil }
            wanted = "one, whatever it says"
        case .exactly(let value):
            if values == [value] || (values.count > 1 && values.joined(separator: ", ") == value) { return nil }
            wanted = ShownText.quoted(value)
        }
        let found = values.isEmpty ? "none" : values.map(ShownText.quoted).joined(separator: " and ")
        return TestFailure(subject: subject, expected: wanted, actual: found, position: header.position)
    }

    private static func plain(_ name: String, _ isLenient: Bool) -> String {
        isLenient ? String(name.lowercased().map { $0 == "_" ? "-" : $0 }) : name.lowercased()
    }

    private func failure(_ subject: String, _ expected: String, _ actual: String) -> TestFailure {
        TestFailure(
            subject: subject, expected: expected.terminalSafe, actual: actual.terminalSafe,
            position: self.expected.position)
    }

    private func list(_ texts: [String]) -> String { texts.isEmpty ? "none" : texts.joined(separator: ", ") }

    private func words(of expectation: HandshakeExpectation) -> String {
        switch expectation.decision {
        case .admitted: "admitted" + (expectation.route.map { " to the route \($0)" } ?? "")
        case .refused(let reason): "refused" + (reason.map { ", \($0)" } ?? "")
        }
    }

    private func words(of handshake: ObservedHandshake) -> String {
        switch handshake.decision {
        case .admitted: return "admitted" + (handshake.route.map { " to the route \($0)" } ?? "")
        case .refused(let reason, let status, let position):
            let place = position.map { ", by \($0.file):\($0.line)" } ?? ""
            return "refused, \(reason)" + (status.map { " (\($0))" } ?? "") + place
        case .undecided(let words): return words
        }
    }
}
