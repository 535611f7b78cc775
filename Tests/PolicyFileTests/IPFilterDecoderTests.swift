import PolicyModel
import Testing

@testable import PolicyFile

struct IPFilterDecoderTests {
    @Test(
        "ip_filter",
        arguments: PolicyCase.table(
            .middleware,
            #"""
            == ip_filter with both
            - ip_filter: { allow: [10.0.0.0/8, "2001:db8::/32", 192.0.2.7], deny: [10.66.0.0/16] }
            ----
            ip_filter allow given, deny some
            == ip_filter with an empty deny
            - ip_filter: { deny: [] }
            ----
            ip_filter allow absent, deny none
            == ip_filter with an empty allow
            - ip_filter: { allow: [], deny: [10.0.0.0/8] }
            ----
            1:23: error: `allow` is empty; leave it out to allow every address that `deny` does not name
            == ip_filter with neither
            - ip_filter: {}
            ----
            1:14: error: `ip_filter` needs `allow` or `deny`, such as `allow: [10.0.0.0/8]`
            == ip_filter in other gateways' words
            - ip_filter: { sourceRange: [10.0.0.0/8], denylist: [], allows: [] }
            ----
            1:14: error: `ip_filter` needs `allow` or `deny`, such as `allow: [10.0.0.0/8]`
            1:16: error: unknown key `sourceRange` in `ip_filter`; did you mean `allow`?
            1:43: error: unknown key `denylist` in `ip_filter`; did you mean `deny`?
            1:57: error: unknown key `allows` in `ip_filter`; did you mean `allow`?
            """#))
    func ipFilter(_ policy: PolicyCase) { policy.check() }

    @Test(
        "a deny of everybody",
        arguments: PolicyCase.table(
            .middleware.withWarnings,
            #"""
            == deny of all addresses
            - ip_filter: { deny: [0.0.0.0/1, 128.0.0.0/1, "::/0"] }
            ----
            1:22: warning: nobody gets past this `ip_filter`: `deny` names every address
            ip_filter allow absent, deny some
            == deny of one kind of address
            - ip_filter: { deny: ["::/0"] }
            ----
            ip_filter allow absent, deny some
            """#))
    func everybody(_ policy: PolicyCase) { policy.check() }

    @Test("its blocks are those that the file names")
    func blocks() throws {
        let text = """
            listeners: { l: { address: 127.0.0.1:1, tls: { certificates: [{ certificate: a, private_key: b }] } } }
            upstreams: { u: { endpoints: ["ws://a:1"] } }
            routes:
            - { name: r, match: { path: / }, upstream: u, public: true, middleware: [{ ip_filter: {
                allow: ["2001:db8::/32"], deny: [10.0.0.0/8] } }] }
            """
        let policy = try PolicyLoader.decode([PolicySource(name: "p", bytes: Array(text.utf8))]).get()
        guard case .ipFilter(let settings)? = policy.routes.first?.middleware.first?.settings else {
            Issue.record("no ip_filter")
            return
        }
        let allowed = try #require(IPAddress("2001:db8::7"))
        let denied = try #require(IPAddress("10.1.2.3"))
        #expect(settings.allow?.contains(allowed) == true && settings.allow?.contains(denied) == false)
        #expect(settings.deny.contains(denied) && !settings.deny.contains(allowed))
    }
}
