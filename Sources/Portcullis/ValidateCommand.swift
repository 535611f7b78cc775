import ArgumentParser
import Engine
import Foundation
import PolicyFile
import PolicyModel

/// `portcullis validate`: all that is wrong with policies, before a gateway is asked to run them.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check policies and show everything that is wrong with them.",
        discussion: """
            Each problem is one line on standard error, FILE:LINE:COLUMN: error: MESSAGE, so that editors and CI can \
            find the place. Ends with 0 where a gateway would run the policies, and with 1 where it would not. \
            Schemas and token issuers' key files are read; certificates, their keys and upstreams are not looked at.
            """)

    @Option(help: "A policy file, or a folder whose *.yaml files are read together (*.test.yaml are not).")
    var policies = "policies"

    @Option(help: ArgumentHelp("What relative paths in policies are relative to.", valueName: "dir"))
    var root = "."

    @Flag(help: "Print the answer as one JSON object on standard output instead.")
    var json = false

    func run() throws {
        let loaded = withKeyFiles(
            PolicyLoader.load(path: policies, root: root, extensions: Extensions.current.catalog))
        if json {
            print(try Report(loaded).encoded())
        } else {
            let lines = loaded.diagnostics.map { "\($0)\n" }.joined()
            FileHandle.standardError.write(Data(lines.utf8))
            if let policy = loaded.policy { print(Self.summary(policy, of: loaded.sources, at: policies)) }
        }
        if loaded.policy == nil { throw ExitCode.failure }
    }

    /// Adds what is wrong with the key files of token issuers.
    private func withKeyFiles(_ loaded: LoadedPolicy) -> LoadedPolicy {
        let problems = (loaded.policy?.tokenIssuers ?? []).compactMap { issuer -> Diagnostic? in
            guard case .jwt(let settings) = issuer.kind, case .file(let path) = settings.keys else { return nil }
            do throws(KeyFile.Failure) {
                try KeyFile.check(path.hasPrefix("/") ? path : "\(root)/\(path)")
                return nil
            } catch {
                return Diagnostic(
                    position: issuer.position,
                    message: "the keys of `\(issuer.name)`, \(path), cannot be read: \(error)")
            }
        }
        guard !problems.isEmpty else { return loaded }
        return LoadedPolicy(
            policy: nil, diagnostics: (loaded.diagnostics + problems).sorted(), sources: loaded.sources)
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

    private static func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}

/// What `--json` prints.
private struct Report: Encodable {
    struct Problem: Encodable {
        var file: String
        var line: Int
        var column: Int
        var severity: String
        var message: String
    }

    var valid: Bool
    var files: [String]
    /// The names of what the policies define; none where they are not valid.
    var listeners: [String]
    var upstreams: [String]
    var routes: [String]
    var diagnostics: [Problem]

    init(_ loaded: LoadedPolicy) {
        valid = loaded.policy != nil
        files = loaded.sources.map(\.name)
        listeners = loaded.policy?.listeners.map(\.name) ?? []
        upstreams = loaded.policy?.upstreams.map(\.name) ?? []
        routes = loaded.policy?.routes.map(\.name) ?? []
        diagnostics = loaded.diagnostics.map {
            Problem(
                file: $0.position.file, line: $0.position.line, column: $0.position.column,
                severity: $0.severity.rawValue, message: $0.message)
        }
    }

    func encoded() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
