import ArgumentParser
import PolicyModel
import TokenStore
import Tokens

struct TokenInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a token says, and whether it would be admitted now.",
        discussion: """
            The answer is that of a gateway with the same state folder, on a route that asks for what --audience and \
            --scope name, for a client at --from-address; of builtin tokens alone. For those of \
            other issuers there is `portcullis explain --url URL --token - --fetch-keys`. Exit code 0 wherever the \
            token can be read, admitted or not.

              portcullis token issue --subject alice | portcullis token inspect -
            """)

    @Argument(help: "The token, or - to read it from standard input.")
    var token: String

    @Option(help: "The audience that the route asks for.")
    var audience: String?

    @Option(help: "A scope that the route asks for. Repeatable.")
    var scope: [String] = []

    @Option(
        help: ArgumentHelp("Where the client is; without it, the token's networks are not judged.", valueName: "ip"))
    var fromAddress: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var state: StateOptions

    func validate() throws {
        if let fromAddress, IPAddress(fromAddress) == nil {
            throw ValidationError("--from-address must be an IP address: '\(fromAddress)'.")
        }
    }

    func run() throws {
        let token = try tokenArgument(token)
        guard let decoded = try? JWS.decode(token) else {
            throw Console.failure(
                "not a token: one is three parts with dots between, as `portcullis token issue` prints it "
                    + "(\(PolicyModel.RefusalReason.tokenMalformed.rawValue))")
        }
        let question = AdmissionQuestion(
            audience: audience, scopes: scope, address: fromAddress.flatMap { IPAddress($0) },
            now: currentUnixSeconds())
        let obstacle = question.obstacle(to: token, in: state)
        if json {
            try Console.answer(
                json: Answer(
                    header: .object(decoded.header.fields), claims: .object(decoded.payload), admitted: obstacle == nil,
                    reason: obstacle?.reason, explanation: obstacle?.explanation))
        } else {
            let verdict = obstacle.map { "no, \($0.reason): \($0.explanation)" } ?? "yes"
            try Console.answer(
                lines: shown("header", decoded.header.fields) + shown("claims", decoded.payload)
                    + ["admitted now: \(verdict)"])
        }
    }

    /// Escaped, as a token may come from anybody and a terminal obeys control characters.
    private func shown(_ title: String, _ fields: [String: ClaimValue]) -> [String] {
        var table = TextTable([])
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            var text = String(decoding: JSON.encode(value), as: UTF8.self)
            if ["iat", "nbf", "exp"].contains(name), case .integer(let seconds) = value {
                text += " (\(Timestamp.rfc3339(seconds)))"
            }
            table.add(["  " + String(decoding: JSON.encode(.string(name)), as: UTF8.self).dropFirst().dropLast(), text])
        }
        return ["\(title):"] + table.lines.filter { !$0.isEmpty }
    }

    private struct Answer: Encodable {
        let header: ClaimValue
        let claims: ClaimValue
        let admitted: Bool
        let reason: String?
        let explanation: String?
    }
}
