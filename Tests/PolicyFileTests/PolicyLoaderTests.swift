import PolicyModel
import Testing

@testable import PolicyFile

struct PolicyLoaderTests {
    @Test(
        "what is shipped is right",
        arguments: [
            "", "/default.yaml", "/examples/chat.yaml", "/examples/public-feed.yaml", "/examples/behind-a-login.yaml",
            "/examples/message-policy.yaml",
        ])
    func shipped(_ path: String) {
        let loaded = PolicyLoader.load(path: ShippedPolicies.folder + path, root: ShippedPolicies.folder + "/..")
        #expect(loaded.diagnostics.map(\.description) == [])
        #expect(loaded.policy?.routes.count == 1)
        #expect(loaded.sources.count == 1)
    }

    @Test("an error leaves no policy, and all is told")
    func failure() {
        let loaded = PolicyLoader.decode([PolicySource(name: "p", bytes: Array("route: []".utf8))])
        let error = #expect(throws: PolicyFileError.self) { try loaded.get() }
        #expect(
            error?.description == """
                p:1:1: error: no listener: define one under `listeners`, or nothing can connect
                p:1:1: error: unknown key `route` in a policy; did you mean `routes`?
                """)
    }

    @Test("no sources are no policy")
    func nothing() {
        #expect(PolicyLoader.decode([]).policy == nil)
    }

    @Test(
        "H41 a policy with bytes changed, cut out or doubled is a value or a diagnostic, never a trap",
        arguments: 1...20)
    func mutations(seed: UInt64) throws {
        let original = try ShippedPolicies.bytes("default.yaml").split(separator: 10).filter {
            // Comments take most of the room and none of the code.
            $0.first { $0 != 32 } != UInt8(ascii: "#")
        }.joined(separator: [10])
        var random = SplitMix(state: seed)
        let spice = Array("*&!|>'\"%@`{}[],:#?-~<=$/\\.0129aé\t\n \0".utf8) + [0xff, 0xc3, 0xef, 0xbb, 0xbf]
        for _ in 0..<50 {
            var bytes = Array(original)
            for _ in 0...Int(random.next() % 4) {
                let place = Int(random.next() % UInt64(bytes.count))
                let length = min(Int(random.next() % 40), bytes.count - place)
                switch random.next() % 4 {
                case 0: bytes[place] = spice[Int(random.next() % UInt64(spice.count))]
                case 1: bytes.insert(spice[Int(random.next() % UInt64(spice.count))], at: place)
                case 2: bytes.removeSubrange(place..<(place + length))
                default: bytes.insert(contentsOf: bytes[place..<(place + length)], at: place)
                }
            }
            let loaded = PolicyLoader.decode([PolicySource(name: "p", bytes: bytes)])
            #expect((loaded.policy == nil) == loaded.diagnostics.contains { $0.severity == .error })
        }
    }

    @Test("what is found in files is added to what was found in the text, and nothing else is lost")
    func adding() throws {
        let text = """
            listeners:
              a: { address: 127.0.0.1:1, tls: { certificates: [{ certificate: c.pem, private_key: k.pem }] } }
            """
        let read = PolicyLoader.decode([PolicySource(name: "p", bytes: Array(text.utf8))])
        let found = Diagnostic(position: SourcePosition(file: "p", line: 9, column: 9), message: "expired")
        let loaded = read.adding([found])
        #expect(loaded.diagnostics.count == read.diagnostics.count + 1)
        #expect(loaded.policy == nil)
        #expect(loaded.namedFiles == ["c.pem", "k.pem"])
        #expect(loaded.sources.map(\.name) == ["p"])
    }
}

/// The same numbers at each run.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
