import ArgumentParser

@main
struct Portcullis: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "portcullis", abstract: "The wss:// front door.",
        subcommands: [TokenCommand.self, CertificateCommand.self])
}
