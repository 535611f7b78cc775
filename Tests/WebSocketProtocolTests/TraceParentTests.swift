import Testing

@testable import WebSocketProtocol

@Suite struct TraceParentTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"

    @Test(
        "what is one",
        arguments: [
            "00-\(trace)-\(parent)-01", "00-\(trace)-\(parent)-ff", "01-\(trace)-\(parent)-00",
            "cc-\(trace)-\(parent)-01-what-the-future-will-be-like",
        ])
    func valid(_ text: String) throws {
        let found = try #require(TraceParent(text))
        #expect(found.traceID == Self.trace)
    }

    @Test(
        "what is none (section 3.2.2)",
        arguments: [
            "", "00", "00-\(trace)-\(parent)", "00-\(trace)-\(parent)-", "00-\(trace)-\(parent)-1",
            "ff-\(trace)-\(parent)-01", "00-\(trace)-\(parent)-01-", "00-\(trace)-\(parent)-01-x",
            "01-\(trace)-\(parent)-01x", "00-\(trace.uppercased())-\(parent)-01",
            "00-\(String(repeating: "0", count: 32))-\(parent)-01",
            "00-\(trace)-\(String(repeating: "0", count: 16))-01", "0-\(trace)-\(parent)-01",
            "00_\(trace)_\(parent)_01", "00-\(trace)-\(parent)-0g", "00-\(trace)é-\(parent)-01",
        ])
    func invalid(_ text: String) {
        #expect(TraceParent(text) == nil)
    }

    @Test("a request has one of them")
    func fields() {
        let value = "00-\(Self.trace)-\(Self.parent)-01"
        let once = HeaderFields([HeaderField(name: "Traceparent", value: value)])
        #expect(TraceParent(of: once)?.traceID == Self.trace)
        let twice = HeaderFields(once.fields + once.fields)
        #expect(TraceParent(of: twice) == nil)
        #expect(TraceParent(of: HeaderFields()) == nil)
    }
}
