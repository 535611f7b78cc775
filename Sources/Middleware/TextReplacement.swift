import Inspection
import PolicyModel

/// `replace`: every place in which something stands gets other text, left to right, without looking at what was put in.
struct TextReplacement: Sendable {
    enum Outcome: Sendable, Hashable {
        case replaced
        /// It stands nowhere.
        case unchanged
        /// The message would have more bytes than it may.
        case tooLarge
        /// To find all the places would take too long.
        case tooMuchWork
    }

    private enum Sought: Sendable {
        case bytes(ByteNeedle)
        case pattern(Pattern)
    }

    private let sought: Sought
    let with: MessageText

    /// Bytes that searches for one message may look at in all. A pattern may look to the message's end for each of its matches
    /// (`a.*b|a`), so that many matches in a long message could take minutes.
    static let maximumWork = 128 * 1024 * 1024

    init(_ pattern: TextPattern, with: Template) throws(PatternError) {
        // Bytes are found in time that is linear whatever they are.
        if pattern.isLiteral, let needle = ByteNeedle(pattern.expression) {
            sought = .bytes(needle)
        } else {
            sought = .pattern(try Pattern(pattern))
        }
        self.with = try MessageText(with, matching: pattern)
    }

    /// Writes `message`, edited, to `output`, which is emptied before.
    func apply(
        to message: Span<UInt8>, facts: ConnectionFacts?, atMost maximum: Int, into output: inout [UInt8],
        match: inout PatternMatch
    ) -> Outcome {
        output.removeAll(keepingCapacity: true)
        var copied = 0
        var start = 0
        var work = 0
        var isFound = false
        while let place = next(in: message, from: start, &match) {
            if case .pattern = sought {
                work += message.count - place.lowerBound
                guard work <= Self.maximumWork else { return .tooMuchWork }
            }
            // Behind an empty match the next one begins a character further on.
            start = place.isEmpty ? Pattern.nextStart(after: match, in: message) : place.upperBound
            if Self.counts(place, in: message, behind: copied) {
                isFound = true
                // Asked before each step: short matches and a long replacement must not cost more than one message may.
                guard place.lowerBound - copied <= maximum - output.count else { return .tooLarge }
                output.append(message, copied..<place.lowerBound)
                with.append(to: &output, facts: facts, message: message, match: match)
                guard output.count <= maximum else { return .tooLarge }
                copied = place.upperBound
            }
            guard start <= message.count else { break }
        }
        guard isFound else { return .unchanged }
        guard message.count - copied <= maximum - output.count else { return .tooLarge }
        output.append(message, copied..<message.count)
        return .replaced
    }

    /// Not an empty match right behind another one; nor one inside of a character, where `\B` sees a place between two bytes
    /// and what is put in would leave no text.
    private static func counts(_ place: Range<Int>, in message: Span<UInt8>, behind copied: Int) -> Bool {
        guard place.isEmpty, place.lowerBound > 0 else { return true }
        let isInside = place.lowerBound < message.count && message[place.lowerBound] & 0xc0 == 0x80
        return place.lowerBound != copied && !isInside
    }

    private func next(in message: Span<UInt8>, from start: Int, _ match: inout PatternMatch) -> Range<Int>? {
        switch sought {
        case .bytes(let needle): needle.firstIndex(in: message, from: start).map { $0..<$0 + needle.count }
        case .pattern(let pattern): pattern.firstMatch(in: message, from: start, into: &match) ? match.range : nil
        }
    }
}
