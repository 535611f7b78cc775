package import WebSocketProtocol

/// A call out to another service.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
    }

    package var method: Method
    /// `http://` or `https://`, without user name and password.
    package var url: String
    /// Beside those that the client writes itself (`Host`, `Content-Length`).
    package var headers: HeaderFields
    /// Sent with `POST` alone.
    package var body: [UInt8]
    /// From ``HTTPClient/send(_:completion:)`` to the last byte of the answer, waiting for a turn included.
    package var timeout: Duration
    /// Of the answer's body; one byte more ends it.
    package var maximumBodyBytes: Int
    /// A PEM file of those who may sign the server's certificate, and nobody else then; nil: those that the system trusts. What
    /// is no regular file fails the request, and one that was renewed counts within a minute.
    package var authorityFile: String?
    /// A Unix socket to ask at, whatever host the address names; its path has room for 107 bytes.
    package var unixSocket: String?

    package init(
        _ method: Method = .get, _ url: String, headers: HeaderFields = HeaderFields(), body: [UInt8] = [],
        timeout: Duration = .seconds(5), maximumBodyBytes: Int = 65_536, authorityFile: String? = nil,
        unixSocket: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.maximumBodyBytes = maximumBodyBytes
        self.authorityFile = authorityFile
        self.unixSocket = unixSocket
    }

    /// Whether it can be sent as it stands: another scheme, or a byte that would end a line or a text early, is refused.
    var isSendable: Bool {
        guard url.hasPrefix("http://") || url.hasPrefix("https://"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
            authorityFile?.utf8.contains(0) != true, unixSocket?.utf8.contains(0) != true
        else { return false }
        return headers.fields.allSatisfy { HeaderFields.isValidName($0.name) && HeaderFields.isValidValue($0.value) }
    }
}

/// What a service has answered, whatever its status: redirects are not followed.
package struct HTTPResponse: Sendable, Hashable {
    package var status: Int
    /// At most ``HTTPClient/maximumFieldBytes`` of them.
    package var headers: HeaderFields
    package var body: [UInt8]

    package init(status: Int, headers: HeaderFields = HeaderFields(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Why a request has no answer. Texts are libcurl's own, for a log.
package enum HTTPFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// It cannot be sent as it stands.
    case invalidRequest
    /// As many requests wait as may.
    case overloaded
    /// The client was stopped.
    case stopped
    /// Not all of the answer had come in time.
    case timedOut
    /// More header fields, or more body, than is taken.
    case answerTooLarge
    /// The name could not be resolved, or nobody could be connected to.
    case unreachable(String)
    /// The server's certificate, or TLS itself, does not hold.
    case untrusted(String)
    /// The connection broke, or what came is not HTTP.
    case invalidAnswer(String)

    package var description: String {
        switch self {
        case .invalidRequest: "the request cannot be sent"
        case .overloaded: "too many requests wait already"
        case .stopped: "the client was stopped"
        case .timedOut: "no answer in time"
        case .answerTooLarge: "the answer is too large"
        case .unreachable(let text), .untrusted(let text), .invalidAnswer(let text): text
        }
    }
}
