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
            with 1012 over the drain window, exit 0. A second one ends that at once. HUP reads the policies and certificates \
            again; where anything is wrong with them, it is told and all stays as it was. With --watch the same happens \
            when a file changes that the gateway reads: policies, also new and removed ones, and the schemas, certificates, \
            keys and authorities that they name; links are followed. Files are looked at once a second, and read once they \
            have stood still for one look; files that are no good are told of once, and read again when any of them changes.
            USR1 opens the file of --audit-log again, after it has been moved away.

            Sockets are not touched by a reload, but for those on a route that says something else than before, or by a \
            listener whose admission does: these are judged again by what is known of them, over some seconds, and closed \
            with 1008, policy-changed, where they would now be refused. A route's on_policy_change: keep leaves them alone.

              portcullis run --policies policies --state state --watch
            """)

    @Option(help: "A policy file, or a folder whose *.yaml files are read together (*.test.yaml are not).")
    var policies = "policies"

    @OptionGroup var state: StateOptions

    @Option(help: ArgumentHelp("Event loops, one thread each (default: one a core).", valueName: "n"))
    var workers: Int?

    @Option(help: ArgumentHelp("What relative paths in policies are relative to.", valueName: "dir"))
    var root = "."

    @Flag(help: "Read policies and certificates again when any of their files changes.")
    var watch = false

    @Option(help: ArgumentHelp("Append the audit log to this file; - is standard output.", valueName: "file"))
    var auditLog = "-"

    @Option(
        help: ArgumentHelp("Tell this and what is graver: debug, info, notice, warning, error.", valueName: "level"))
    var logLevel = "notice"

    @Option(help: ArgumentHelp("How it is told: text, or json, an object a line.", valueName: "format"))
    var logFormat = ErrorLog.Format.text

    func validate() throws {
        if let workers, !(1...1024).contains(workers) { throw ValidationError("--workers must be 1 to 1024.") }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level must be debug, info, notice, warning or error: '\(logLevel)'.")
        }
    }

    func run() throws {
        OpenSSLProcess.prepare()
        let log = OperationalLog(logFormat)
        let code = serve(log)
        log.end()
        // Threads that wait for DNS or for a reader of the log must not keep the process.
        Foundation.exit(code.rawValue)
    }

    /// Runs the gateway to its end. All that is to be told goes through `log`, and so comes in its order.
    private func serve(_ log: OperationalLog) -> ExitCode {
        let logger = makeLogger(log)
        let (policies, root, extensions) = (policies, root, Extensions.current)
        let tell = diagnosticsTeller(logger, log)
        guard case .success(let policy) = Self.load(policies, root: root, extensions, tell: tell) else {
            log.note("portcullis: the policies in \(policies) cannot be run; see above")
            return .failure
        }
        let watched = watch ? { @Sendable in PolicyLoader.sourceFiles(path: policies) } : nil
        do {
            let gateway = try Engine.Gateway(
                GatewayConfiguration(
                    policy: policy, reload: { Self.load(policies, root: root, extensions, tell: tell) },
                    watchedPolicies: watched, workers: workers ?? ProcessInfo.processInfo.activeProcessorCount,
                    stateDirectory: state.directory, root: root, extensions: extensions.factories),
                audit: AuditLog(path: auditLog) { logger.error("audit records are lost: \($0)") }, logger: logger)
            try log.beginServing()
            if try !gateway.run() { logger.warning("ended before the drain was over") }
            return .success
        } catch {
            log.note("portcullis: \(error)")
            return .failure
        }
    }

    private func makeLogger(_ log: OperationalLog) -> Logger {
        let format = logFormat
        var logger = Logger(label: "portcullis") { _ in ErrorLog(format: format, note: { log.note($0) }) }
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .notice
        return logger
    }

    /// How it is told what is wrong with policies: as `validate` does, a line each, or where the log is to be read by programs
    /// as a part of it.
    private func diagnosticsTeller(_ logger: Logger, _ log: OperationalLog) -> @Sendable (Diagnostic) -> Void {
        guard logFormat == .json else { return { log.note("\($0)") } }
        return { diagnostic in
            let (level, place) = (diagnostic.severity == .error ? Logger.Level.error : .warning, diagnostic.position)
            logger.log(
                level: level, "\(diagnostic.message)",
                metadata: ["file": "\(place.file)", "line": "\(place.line)", "column": "\(place.column)"])
        }
    }

    /// The policies as they are now. What is wrong with them is told, whether they can be run or not.
    private static func load(
        _ path: String, root: String, _ extensions: Extensions, tell: (Diagnostic) -> Void
    ) -> Result<VersionedPolicy, PolicyProblems> {
        let read = PolicyLoader.load(path: path, root: root, extensions: extensions.catalog, option: "--policies")
        let loaded = read.adding(PolicyFilesCheck(root: root).certificates(in: read.legible, for: .running))
        loaded.diagnostics.forEach(tell)
        guard let policy = loaded.policy else {
            return .failure(
                PolicyProblems(lines: loaded.diagnostics.map { "\($0)" }, namedFiles: loaded.namedFiles))
        }
        let sources = loaded.sources + loaded.attachments
        let files = sources.map { PolicyText(name: $0.name, text: String(decoding: $0.bytes, as: UTF8.self)) }
        return .success(
            VersionedPolicy(policy: policy, version: version(of: sources), files: files, namedFiles: loaded.namedFiles))
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
