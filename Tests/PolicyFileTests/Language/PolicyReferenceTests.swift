import Foundation
import PolicyModel
import Testing

@testable import PolicyFile

struct PolicyReferenceTests {
    @Test(
        "the page is what the description says: after a change, portcullis schema --markdown > docs/policy-reference.md"
    )
    func page() throws {
        let page = try String(contentsOfFile: "docs/policy-reference.md", encoding: .utf8)
        #expect(page == PolicyReference.text())
    }

    @Test("every mapping is told once, under a name of its own")
    func sections() {
        let told = PolicyReference.chapters.flatMap(\.mappings)
        #expect(told.count == PolicyMapping.allCases.count && Set(told) == Set(PolicyMapping.allCases))
        #expect(Set(told.map(PolicyReference.name)).count == told.count)
        #expect(Set(told.map(PolicyReference.anchor)).count == told.count)
        #expect(PolicyReference.name(of: .certificate) == "listeners.NAME.tls.certificates[]")
        #expect(PolicyReference.name(of: .carrier) == "middleware[].token.from[]")
        #expect(PolicyReference.name(of: .size) == "when.size")
    }

    @Test("each example is a policy without a mistake", arguments: PolicyMapping.allCases)
    func examples(_ mapping: PolicyMapping) {
        for example in mapping.description.examples {
            let text = LanguageCorpus.text(of: example)
            let loaded = PolicyLoader.decode([PolicySource(name: "p", bytes: Array(text.utf8))], files: .inFolder("."))
            #expect(loaded.policy != nil, "\(loaded.diagnostics)")
            // What is left over is of the sections that the example leaves out.
            let warnings = loaded.diagnostics.filter { !$0.message.hasPrefix("no route uses") }
            #expect(warnings.map(\.description) == [])
        }
    }

    @Test("the examples of the page are those that are looked at")
    func blocks() throws {
        let examples = PolicyMapping.allCases.flatMap(\.description.examples).map(\.text)
        let blocks = PolicyReference.text().components(separatedBy: "```yaml\n").dropFirst()
            .map { $0.components(separatedBy: "\n```")[0] }
        // The line for editors, and the examples.
        #expect(Set(blocks.dropFirst()) == Set(examples) && blocks.count == examples.count + 1)
    }
}
