import ArgumentParser
import PolicyFile

/// `portcullis schema`: the policy language, for editors and for people.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of the policy language.",
        discussion: """
            An editor completes the keys of policies by it, tells what they mean, and marks what is wrong. Write it to a file, and \
            name that in the first line of a policy:

              portcullis schema > policy.schema.json
              # yaml-language-server: $schema=policy.schema.json

            It is of draft 2020-12. What only the whole of a policy shows, such as a name that nothing has, is found by \
            `portcullis validate`.
            """)

    @Flag(help: "Print the reference for people instead, in Markdown.")
    var markdown = false

    func run() throws {
        let text =
            markdown ? PolicyReference.text() : PolicySchema.text(extensions: Extensions.current.catalog)
        try Console.write(answer: Array(text.utf8))
    }
}
