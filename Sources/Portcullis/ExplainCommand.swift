import ArgumentParser
import Crypto
import Engine
import Foundation
import Middleware
import PolicyFile
import PolicyModel

/// `portcullis explain`: what a gateway would make of a handshake, step by step.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show what a gateway would make of a handshake, and of messages behind it, step by step.",
        discussion: """
            Nothing is sent, and nothing in the state folder is changed: the policies are asked as a gateway asks them, \
            with the tokens that the state folder knows. What the upstream would say is not known here. Rates and limits \
            begin empty, and count from one handshake of --repeat to the next.

            Ends with 0 where the handshake is admitted, with 3 where it is refused or a message ends the connection, \
            with 4 where that depends on an answer that was not given (--authorize, --first-message, --fetch-keys), and \
            with 1 where the policies cannot be run.

              portcullis explain --url wss://chat.example.com/chat --ip 203.0.113.7 --origin https://app.example.com
              portcullis explain --url wss://localhost:8443/echo --claims '{"subject": "alice", "audience": "echo"}'
            """)

    @OptionGroup var request: ExplainOptions

    @Option(help: "A policy file, or a folder whose *.yaml files are read together (*.test.yaml are not).")
    var policies = "policies"

    @Option(help: ArgumentHelp("What relative paths in policies are relative to.", valueName: "dir"))
    var root = "."

    @OptionGroup var state: StateOptions

    @Flag(help: "Fetch the keys of token issuers that are behind a URL; otherwise they are not known.")
    var fetchKeys = false

    @Flag(help: "Print the answer as one JSON object on standard output instead.")
    var json = false

    func run() throws {
        OpenSSLProcess.prepare()
        let loaded = PolicyLoader.load(
            path: policies, root: root, extensions: Extensions.current.catalog, option: "--policies")
        for diagnostic in loaded.diagnostics { Console.note("\(diagnostic)") }
        guard let policy = loaded.policy else {
            throw Console.failure("the policies in \(policies) cannot be run; see above")
        }
        let explanation = try telling { try explain(policy) }
        if json {
            try Console.answer(json: ExplainReport(explanation))
        } else {
            try Console.answer(lines: ExplainText(explanation, isColoured: Console.hasAnswerColours).lines)
        }
        if explanation.exitCode != 0 { throw ExitCode(explanation.exitCode) }
    }

    private func explain(_ policy: Policy) throws -> Explanation {
        let made = try request.handshake()
        let rehearsal = try Rehearsal(
            policy, stateDirectory: state.directory, root: root, extensions: Extensions.current.factories,
            fetchesKeys: fetchKeys, now: made.time)
        for problem in rehearsal.problems { Console.note("portcullis: \(problem)") }
        // Those that were admitted live on, so that limits count them.
        let handshakes = try (0..<request.repeat).map { _ in try rehearsal.handshake(made) }
        guard let last = handshakes.last else { throw ValidationError("--repeat must be at least 1.") }
        let messages = last.connection.map { connection in
            request.messages.map { rehearsal.message($0, on: connection) }
        }
        return Explanation(
            url: request.url, made: made, earlier: Array(handshakes.dropLast()), handshake: last,
            messages: messages ?? [], problems: rehearsal.problems)
    }
}

/// What there is to be told.
struct Explanation {
    let url: String
    let made: MadeUpHandshake
    /// Those before the one that is explained.
    let earlier: [RehearsedHandshake]
    let handshake: RehearsedHandshake
    let messages: [RehearsedMessage]
    /// What a gateway would tell of at its start.
    let problems: [String]

    /// See ``ExplainCommand``.
    var exitCode: Int32 {
        switch handshake.decision {
        case .refused: return 3
        case .undecided: return 4
        case .answered: return 0
        case .admitted:
            let isClosed = messages.contains { message in
                if case .closed = message.verdict { true } else { false }
            }
            return isClosed ? 3 : 0
        }
    }

    /// The value of a field toward the upstream, as it may be shown: neither what lets its holder in somewhere nor the token.
    func shown(_ value: String, of name: String) -> String {
        holdsToken(value) ? "(hidden)" : HeaderEdit.shown(value, of: name)
    }

    /// A URL, or a target, as it may be shown: without such values in its query.
    func shown(url: String) -> String {
        guard let mark = url.firstIndex(of: "?") else { return url }
        let pairs = url[url.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
        let shownPairs = pairs.map { pair -> String in
            guard let sign = pair.firstIndex(of: "=") else {
                return holdsToken(decoded(pair)) ? "(hidden)" : String(pair)
            }
            let (name, value) = (pair[..<sign], decoded(pair[pair.index(after: sign)...]))
            if value.isEmpty { return String(pair) }
            let isHidden = holdsToken(value) || HeaderEdit.shown(value, of: decoded(name)) != value
            return isHidden ? "\(name)=(hidden)" : String(pair)
        }
        return "\(url[...mark])\(shownPairs.joined(separator: "&"))"
    }

    /// Whether the token is in it, or another signed one, such as an assertion.
    private func holdsToken(_ value: String) -> Bool {
        if case .token(let token) = made.credential, !token.isEmpty, value.contains(token) { return true }
        return value.contains("eyJ") && value.count(where: { $0 == "." }) >= 2
    }

    /// Of a query, its percent-encoding undone where that can be.
    private func decoded(_ text: Substring) -> String { text.removingPercentEncoding ?? String(text) }
}
