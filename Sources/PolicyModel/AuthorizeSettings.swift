/// `authorize`: a service elsewhere is asked by HTTP whether a handshake may pass.
package struct AuthorizeSettings: Sendable, Hashable {
    /// `cache`: answers that admit are remembered.
    package struct Cache: Sendable, Hashable {
        /// For how long at most, from the question on.
        package var lifetime: Duration
        /// The fields on whose values the answer depends: names out of ``AuthorizeSettings/copiedRequestHeaders``.
        package var key: [String]

        package init(lifetime: Duration, key: [String]) {
            self.lifetime = lifetime
            self.key = key
        }
    }

    /// `http://` or `https://`, the scheme in lower case, without user name, password and fragment.
    package var url: String
    /// Of the whole exchange, waiting for a turn included.
    package var timeout = Duration.seconds(5)
    /// The client's fields that the service sees.
    package var copiedRequestHeaders = ["Authorization", "Cookie"]
    /// Fields of an answer that admits which go upstream, in place of the client's of that name.
    package var copiedResponseHeaders: [String] = []
    /// The field of such an answer that names the subject; nil: it names none.
    package var subjectHeader: String?
    /// nil: every handshake asks.
    package var cache: Cache?
    /// The path of a PEM file of those who may sign the service's certificate; nil: those that the system trusts.
    package var authority: String?

    package init(url: String) {
        self.url = url
    }

    /// What is asked, and whom: settings that say no more than how, and how long an answer is remembered, are as they are where
    /// nothing is said of them. An answer to a question is one to every equal question.
    package var question: AuthorizeSettings {
        var question = self
        (question.timeout, question.cache) = (AuthorizeSettings(url: url).timeout, nil)
        return question
    }
}
