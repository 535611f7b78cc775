import ArgumentParser
import Crypto
import PolicyFile
import PolicyModel

/// `portcullis validate`: all that is wrong with policies, before a gateway is asked to run them.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check policies and show everything that is wrong with them.",
        discussion: """
            Each problem is told on standard error, FILE:LINE:COLUMN: error: MESSAGE, so that editors and CI can find the \
            place, with the line below it and a mark under the place. An error keeps a gateway from running the policies, or \
            clients from using it; a warning is something that can hardly be meant, such as a route that no request gets to.

            The files that policies name are read as well, from --root: schemas, certificates with their keys and their dates \
            (a warning from 14 days before the end, an error behind it; one where other users can read a key), authorities, \
            token issuers' keys, the token of `admin`. Upstreams are not looked at. A machine that does not have the private \
            keys says --no-files.

            Exit codes: 0 without an error, 1 with one; with --strict a warning is enough for 1.

              portcullis validate --policies policies
              portcullis validate --policies policies --no-files --strict     in a pipeline
            """)

    @Option(help: "A policy file, or a folder whose *.yaml files are read together (*.test.yaml are not).")
    var policies = "policies"

    @Option(help: ArgumentHelp("What relative paths in policies are relative to.", valueName: "dir"))
    var root = "."

    @Flag(help: "Read no certificates, keys, authorities and tokens: policies and schemas alone.")
    var noFiles = false

    @Flag(help: "Fail on warnings, too.")
    var strict = false

    @Flag(help: "Print the answer as one JSON object on standard output instead.")
    var json = false

    func run() throws {
        OpenSSLProcess.prepare()
        let read = PolicyLoader.load(
            path: policies, root: root, extensions: Extensions.current.catalog, option: "--policies")
        let check = PolicyFilesCheck(root: root)
        let found =
            noFiles
            ? []
            : check.certificates(in: read.legible, for: .validating) + check.issuerKeys(in: read.legible)
                + check.adminToken(in: read.legible)
        let loaded = read.adding(found)
        if json {
            try Console.answer(json: ValidateReport(loaded))
        } else {
            try tell(loaded, misses: !found.isEmpty && check.misses(read.namedFiles))
        }
        if loaded.policy == nil || (strict && !loaded.diagnostics.isEmpty) { throw ExitCode.failure }
    }

    /// `misses`: a file that a policy names is not where it was looked for.
    private func tell(_ loaded: LoadedPolicy, misses: Bool) throws {
        let text = DiagnosticText(loaded.sources, isColoured: Console.hasErrorColours)
        for diagnostic in loaded.diagnostics { text.lines(of: diagnostic).forEach(Console.note) }
        if misses {
            Console.note("Paths are relative to \(root); --root says to what else, and --no-files leaves files out.")
        }
        if let count = DiagnosticText.count(of: loaded.diagnostics) { Console.note(count) }
        if let policy = loaded.policy {
            try Console.answer(Self.summary(policy, of: loaded.sources, at: policies))
        }
    }

    /// `policies/default.yaml: valid: 1 listener, 1 upstream, 1 route`
    private static func summary(_ policy: Policy, of sources: [PolicySource], at path: String) -> String {
        let place = sources.count == 1 ? sources[0].name : "\(path) (\(sources.count) files)"
        let parts = [
            counted(policy.listeners.count, "listener"), counted(policy.upstreams.count, "upstream"),
            counted(policy.routes.count, "route"),
        ]
        return "\(place): valid: \(parts.joined(separator: ", "))"
    }
}
