import Inspection
import PolicyModel

/// A rule that has acted on a message.
package struct RuleHit: Sendable, Hashable {
    /// By its place in the route's `messages`.
    package var rule: Int
    /// It would have acted.
    package var isShadow: Bool
    /// Where the message did not fit a schema (RFC 6901).
    package var pointer: String?

    package init(rule: Int, isShadow: Bool, pointer: String? = nil) {
        self.rule = rule
        self.isShadow = isShadow
        self.pointer = pointer
    }
}

/// What rules work with, and what they leave behind for the engine: one for each worker, used again for every message,
/// so that a message costs no allocation.
package struct FilterScratch: ~Copyable {
    /// Rules that the last message met and that did something, or in shadow mode would have, in order.
    package internal(set) var hits: [RuleHit] = []
    /// What became of the last message, where the verdict says that there is something.
    package internal(set) var output: [UInt8] = []
    /// Until when the sender of the last message has to wait, in nanoseconds; nil where it has not.
    package internal(set) var heldUntil: Int64?
    /// Takes turns with ``output``.
    var spare: [UInt8] = []
    /// Of what rules write in between.
    var value: [UInt8] = []
    var json = JSONInspector()
    var documents = JSONDocumentReader()
    var schemas = SchemaValidator()
    var match = PatternMatch()
    /// Rules that may hold for the message, and have not been asked.
    var candidates = TestBits()
    var reading = MessageReading()

    package init() {}

    /// Reads the payload as a document, once for all that want it as one.
    mutating func readDocument(_ payload: Span<UInt8>) -> JSONDocumentReader.Outcome {
        if let known = reading.document { return known }
        let outcome = documents.read(payload)
        reading.document = outcome
        return outcome
    }

    /// Answers the tests of `probe` by the document that has been read.
    mutating func scanDocument(_ probe: JSONProbe) -> ScanOutcome {
        // Out of the scratch's hands, which lend the document meanwhile.
        var hits = TestBits()
        swap(&hits, &reading.json)
        defer { swap(&hits, &reading.json) }
        return documents.withDocument { $0.scan(probe, into: &hits) } ?? .failed
    }
}

/// What has been found out about one payload, each at most once.
struct MessageReading {
    var text = TestBits()
    var json = TestBits()
    var hasText = false
    var hasJSON = false
    /// What the message is to the reader of documents, which has read it.
    var document: JSONDocumentReader.Outcome?
    var isJSON: Bool?
    var isUTF8: Bool?
    /// Memory ran out, and nothing can be said.
    var hasFailed = false

    /// For another payload.
    mutating func reset() {
        hasText = false
        hasJSON = false
        document = nil
        isJSON = nil
        isUTF8 = nil
        hasFailed = false
    }
}
