import ArgumentParser
import Foundation

/// The gateway's whole command line: `run`, `validate`, `token` and the others.
public enum Gateway {
    /// Does what the process's arguments ask for. Policies may name these middlewares and message filters beside the built-ins.
    ///
    /// It ends the process with an exit code where the arguments cannot be understood, the command fails, or one of those given
    /// here cannot be named as it is: every such problem is told on standard error, and nothing is started.
    public static func main(
        middleware: [any HandshakeMiddleware.Type] = [], filters: [any MessageFilter.Type] = []
    ) {
        Console.prepare()
        let extensions = Extensions(middleware: middleware, filters: filters)
        guard extensions.problems.isEmpty else {
            for problem in extensions.problems { Console.note("portcullis: \(problem)") }
            exit(1)
        }
        Extensions.$current.withValue(extensions) { RootCommand.main() }
    }
}
