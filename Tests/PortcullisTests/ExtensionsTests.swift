import Middleware
import PolicyFile
import PolicyModel
import Testing

@testable import Portcullis

/// A middleware that is named as a test wants it.
private protocol Named: Portcullis.HandshakeMiddleware {}

extension Named {
    init(settings: Settings) {
        fatalError("never made")
    }

    func evaluate(_ handshake: inout Handshake) -> Decision<Reason> { .pass }
}

private struct Plain: Named { static let name = "plain" }
private struct Taken: Named { static let name = "ip_filter" }
private struct Upper: Named { static let name = "Plain" }
private struct Kebab: Named { static let name = "pl-ain" }
private struct Doubled: Named { static let name = "pl__ain" }
private struct Digit: Named { static let name = "1plain" }
private struct Empty: Named { static let name = "" }
private struct Long: Named { static let name = String(repeating: "x", count: 65) }

private struct Foreign: Named {
    static let name = "foreign"
    enum Reason: String, Portcullis.RefusalReason { case other = "gate-closed" }
}

private struct Moved: Named {
    static let name = "moved"
    enum Reason: String, Portcullis.RefusalReason {
        case moved
        var status: Int { 302 }
    }
}

private struct Drop: Portcullis.MessageFilter {
    static let name = "drop"
    init(settings: Settings) {}
    func inspect(_ payload: Span<UInt8>, of message: Message) -> MessageDecision { .pass }
}

/// One whose name begins with another's, and so may its reason.
private struct GateClosed: Named {
    static let name = "gate_closed"
    enum Reason: String, Portcullis.RefusalReason { case closed = "gate-closed" }
}

@Suite struct ExtensionsTests {
    @Test("what can be named as it is has no problems")
    func good() {
        let extensions = Extensions(middleware: [Gate.self, Plain.self], filters: [Stamp.self])
        #expect(extensions.problems.isEmpty)
        #expect(extensions.catalog.middleware.map(\.name) == ["gate", "plain"])
        #expect(extensions.catalog.filters.map(\.name) == ["stamp"])
        #expect(Extensions.current.catalog.middleware.isEmpty)
    }

    @Test("names that nobody may have")
    func names() {
        func problems(_ type: any Portcullis.HandshakeMiddleware.Type) -> [String] {
            Extensions(middleware: [type]).problems
        }
        #expect(
            problems(Taken.self) == [
                "the middleware 'ip_filter' must have another name: that is the one of a built-in"
            ])
        for type in [Upper.self, Kebab.self, Doubled.self, Digit.self, Empty.self, Long.self] as [any Named.Type] {
            let found = problems(type)
            #expect(found.count == 1 && found[0].contains("lower case words with '_' between"))
        }
        #expect(
            Extensions(middleware: [Plain.self, Plain.self]).problems == [
                "two of the kind middleware are named 'plain'"
            ])
        #expect(
            Extensions(filters: [Drop.self]).problems == [
                "the message filter 'drop' must have another name: that is the one of a built-in"
            ])
    }

    @Test("reasons that nobody may have")
    func reasons() {
        #expect(
            Extensions(middleware: [Foreign.self]).problems == [
                "the reason 'gate-closed' of the middleware 'foreign' must begin with the middleware's name, `foreign`"
            ])
        let moved = Extensions(middleware: [Moved.self]).problems
        #expect(moved.count == 1 && moved[0].contains("status from 400 to 599"))
        #expect(
            Extensions(middleware: [Gate.self, GateClosed.self]).problems == [
                "the reason 'gate-closed' of the middleware 'gate_closed' is one of 'gate' already"
            ])
    }

    @Test("settings are checked where they stand, and make what they are for")
    func made() {
        let extensions = Extensions(middleware: [Gate.self], filters: [Stamp.self])
        let text = """
            listeners: { front: { address: "127.0.0.1:1", tls: { certificates: [{ certificate: a, private_key: b }] } } }
            upstreams: { u: { endpoints: ["ws://127.0.0.1:2"] } }
            routes: [{ name: r, match: { path: / }, upstream: u, public: true, middleware: [{ gate: { path: x, wiat: 3s } }] }]
            """
        let source = PolicySource(name: "p", bytes: Array(text.utf8))
        #expect(
            PolicyLoader.decode([source], extensions: extensions.catalog).diagnostics.map(\.description) == [
                "p:3:97: error: `path` must begin with a slash"
            ])
        let good = PolicySource(name: "p", bytes: Array(text.replacing("path: x, wiat", with: "path: /x, wiat").utf8))
        #expect(
            PolicyLoader.decode([good], extensions: extensions.catalog).diagnostics.map(\.description) == [
                "p:3:101: error: unknown key `wiat` in `gate`; did you mean `wait`?"
            ])
        let factories = extensions.factories
        let settings = ExtensionSettings(name: "gate", value: mapping([("path", "/x")]))
        #expect(factories.middleware(settings) is CustomMiddleware<Gate>)
        #expect(!(factories.middleware(ExtensionSettings(name: "gate", value: mapping([]))) is CustomMiddleware<Gate>))
        let stamp = ExtensionSettings(name: "stamp", value: mapping([("do", "drop")]))
        #expect(factories.filter(stamp) is CustomFilter<Stamp>)
    }
}
