import ArgumentParser
import Engine

struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "portcullis",
        abstract: "The wss:// front door: policy and tokens for WebSocket servers.", version: Release.version,
        subcommands: [
            RunCommand.self, ValidateCommand.self, SchemaCommand.self, ExplainCommand.self, TestCommand.self,
            StatusCommand.self, ReloadCommand.self, DrainCommand.self, ConnectionsCommand.self, PolicyCommand.self,
            TokenCommand.self, KeyCommand.self, ConnectCommand.self, EchoCommand.self, CertificateCommand.self,
        ])
}
