import ArgumentParser
import Engine
import Tokens

/// Where the gateway that runs is asked, for every command that asks one.
struct AdminOptions: ParsableArguments {
    /// The exit code where no gateway answers.
    static let nobodyAnswers = ExitCode(4)

    /// Stands in the help of these commands.
    static let exitCodes = """
        Exit code 0 where the gateway has done it, 1 where it has not, with the reason on standard error, and 4 where no \
        gateway answers.
        """

    @OptionGroup var state: StateOptions

    @Option(
        help: ArgumentHelp(
            "Ask at the policy's `admin.address` instead of the state folder: http://127.0.0.1:PORT.",
            valueName: "url"))
    var admin: String?

    @Option(help: ArgumentHelp("With --admin: the file that the policy's `admin.token_file` names.", valueName: "file"))
    var adminTokenFile: String?

    func validate() throws {
        guard (admin == nil) == (adminTokenFile == nil) else {
            throw ValidationError("--admin and --admin-token-file go together.")
        }
    }

    /// Who asks there. Where there is nobody to ask, that is told, and ends the command.
    func client() throws -> AdminClient {
        try Self.telling {
            if let admin, let adminTokenFile {
                try AdminClient(.address(url: admin, tokenFile: adminTokenFile))
            } else {
                try AdminClient(.socket(stateDirectory: state.directory))
            }
        }
    }

    /// Asks, and gives what a gateway that has done it answers. Else it is told why not, and ends the command.
    func ask(
        _ path: String, query: [(name: String, value: String)] = [], body: [String: ClaimValue]? = nil,
        timeout: Duration = .seconds(10)
    ) throws -> [String: ClaimValue] {
        let client = try client()
        let answer = try Self.telling { try client.ask(path, query: query, body: body, timeout: timeout) }
        guard let complaint = answer.complaint else { return answer.members }
        for line in answer.members["diagnostics"]?.texts ?? [] { Console.note(line) }
        throw Console.failure(complaint)
    }

    private static func telling<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch AdminClient.Failure.nobody(let text) {
            Console.note("portcullis: \(text)")
            throw nobodyAnswers
        } catch {
            throw Console.failure("\(error)")
        }
    }
}

/// Parts of a gateway's answer, for people.
extension ClaimValue {
    subscript(name: String) -> ClaimValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    var elements: [ClaimValue] {
        if case .array(let values) = self { values } else { [] }
    }

    var texts: [String] { elements.compactMap(\.scalarText) }

    var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// In one line and without control characters, which a terminal would obey; `-` for what is not there.
    static func shown(_ value: ClaimValue?) -> String {
        guard let text = value?.scalarText, !text.isEmpty else { return "-" }
        return String(String(decoding: JSON.encode(.string(text)), as: UTF8.self).dropFirst().dropLast())
    }
}
