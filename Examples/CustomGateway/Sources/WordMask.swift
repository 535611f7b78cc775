import Portcullis

/// `word_mask`: puts stars in the place of certain words in text messages.
struct WordMask: MessageFilter {
    static let name = "word_mask"

    private let masks: [(word: String, stars: String)]

    init(settings: Settings) throws(SettingsError) {
        let words = settings.strings("words")
        guard words.allSatisfy({ !$0.isEmpty }) else { throw settings.problem("words", "must not hold an empty one") }
        masks = words.map { ($0, String(repeating: "*", count: $0.count)) }
    }

    func inspect(_ payload: Span<UInt8>, of message: Message) -> MessageDecision {
        guard var text = message.text(payload) else { return .pass }
        var isChanged = false
        for (word, stars) in masks where text.contains(word) {
            text = text.replacing(word, with: stars)
            isChanged = true
        }
        return isChanged ? .replace(Array(text.utf8)) : .pass
    }
}
