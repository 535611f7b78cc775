import ArgumentParser
import Crypto
import Engine
import Foundation
import Logging
import PolicyFile
import PolicyModel

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the gateway.",
        discussion: """
            The audit log, a line of JSON for each connection opened, closed or refused, goes to standard output; all \
            else that is to be told goes to standard error. TERM and INT drain: no new connections, live ones are closed \
            with 1012 over the drain window, exit 0. A second one ends at once. HUP reads the policies and certificates \
            again; where anything is wrong with them, it is told and all stays as it was.

              portcullis run --policies policies --state state
            """)

    @Option(help: "A policy file, or a folder whose *.yaml files are read together (*.test.yaml are not).")
    var policies = "policies"

    @OptionGroup var state: StateOptions

    @Option(help: ArgumentHelp("Event loops, one thread each (default: one a core).", valueName: "n"))
    var workers: Int?

    @Option(help: ArgumentHelp("What relative paths in policies are relative to.", valueName: "dir"))
    var root = "."

    @Option(help: ArgumentHelp("Append the audit log to this file; - is standard output.", valueName: "file"))
    var auditLog = "-"

    @Option(
        help: ArgumentHelp("Tell this and what is graver: debug, info, notice, warning, error.", valueName: "level"))
    var logLevel = "notice"

    func validate() throws {
        if let workers, !(1...1024).contains(workers) { throw ValidationError("--workers must be 1 to 1024.") }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level must be debug, info, notice, warning or error: '\(logLevel)'.")
        }
    }

    func run() throws {
        OpenSSLProcess.prepare()
        var logger = Logger(label: "portcullis") { _ in ErrorLog() }
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .notice
        let (policies, root, extensions) = (policies, root, Extensions.current)
        guard case .success(let policy) = Self.load(policies, root: root, extensions) else {
            throw Console.failure("the policies in \(policies) cannot be run; see above")
        }
        let isComplete = try telling {
            let gateway = try Engine.Gateway(
                GatewayConfiguration(
                    policy: policy, reload: { Self.load(policies, root: root, extensions) },
                    workers: workers ?? ProcessInfo.processInfo.activeProcessorCount,
                    stateDirectory: state.directory, root: root, extensions: extensions.factories),
                audit: AuditLog(path: auditLog), logger: logger)
            return try gateway.run()
        }
        if !isComplete { logger.warning("ended before the drain was over") }
        // Threads that wait for DNS or for a reader of the log must not keep the process.
        Foundation.exit(0)
    }

    /// The policies as they are now. What is wrong with them is told, whether they can be run or not.
    private static func load(
        _ path: String, root: String, _ extensions: Extensions
    ) -> Result<VersionedPolicy, PolicyProblems> {
        let read = PolicyLoader.load(path: path, root: root, extensions: extensions.catalog)
        let loaded = read.adding(PolicyFilesCheck(root: root).certificates(in: read.legible, for: .running))
        for diagnostic in loaded.diagnostics { Console.note("\(diagnostic)") }
        guard let policy = loaded.policy else {
            return .failure(PolicyProblems(lines: loaded.diagnostics.map { "\($0)" }))
        }
        let sources = loaded.sources + loaded.attachments
        let files = sources.map { PolicyText(name: $0.name, text: String(decoding: $0.bytes, as: UTF8.self)) }
        return .success(VersionedPolicy(policy: policy, version: version(of: sources), files: files))
    }

    /// The first 12 digits of a digest over the files' names and bytes.
    private static func version(of sources: [PolicySource]) -> String {
        var bytes: [UInt8] = []
        for source in sources {
            bytes += Array(source.name.utf8) + [0]
            bytes += source.bytes + [0]
        }
        return Digest.sha256(bytes).prefix(6).map { String(format: "%02x", $0) }.joined()
    }
}
