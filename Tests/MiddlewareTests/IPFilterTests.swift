import PolicyModel
import Testing

@testable import Middleware

private func set(_ blocks: String...) -> CIDRSet { CIDRSet(blocks.compactMap { try? CIDR($0) }) }

@Suite struct IPFilterTests {
    @Test(
        "deny wins; an allow means nothing else",
        arguments: [
            ("10.1.2.3", nil), ("10.66.0.1", RefusalReason.ipDenied), ("11.0.0.1", .ipNotAllowed),
            ("::ffff:10.1.2.3", nil), ("::ffff:10.66.0.1", .ipDenied), ("2001:db8::1", nil),
            ("2001:db9::1", .ipNotAllowed),
        ])
    func both(_ address: String, _ expected: RefusalReason?) throws {
        let settings = IPFilterSettings(allow: set("10.0.0.0/8", "2001:db8::/32"), deny: set("10.66.0.0/16"))
        #expect(chain(.ipFilter(settings)).admit(try context(from: address)).reason == expected)
    }

    @Test("deny alone lets the others in; an empty allow lets nobody in")
    func one() throws {
        let deny = IPFilterSettings(deny: set("10.0.0.0/8"))
        #expect(chain(.ipFilter(deny)).admit(try context(from: "192.0.2.1")).reason == nil)
        #expect(chain(.ipFilter(deny)).admit(try context(from: "10.0.0.1")).reason == .ipDenied)
        let nobody = IPFilterSettings(allow: set())
        #expect(chain(.ipFilter(nobody)).admit(try context(from: "192.0.2.1")).reason == .ipNotAllowed)
    }
}
