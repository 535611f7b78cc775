import ArgumentParser

/// The gateway's whole command line: `run`, `validate`, `token` and the others.
public enum Gateway {
    /// Does what the process's arguments ask for, and ends the process where they cannot be understood, or the command fails.
    public static func main() {
        RootCommand.main()
    }
}
