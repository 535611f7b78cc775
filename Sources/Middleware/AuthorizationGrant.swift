import PolicyModel
import WebSocketProtocol

/// What an authorisation service that admits a handshake says of it.
struct AuthorizationGrant: Sendable, Hashable {
    /// Of one value, in bytes.
    static let maximumValueBytes = 8192
    static let maximumSubjectBytes = 1024
    private static let maximumChallenges = 4
    private static let maximumChallengeBytes = 1024

    /// Toward the upstream, under the policy's spelling of their names.
    let fields: [HeaderField]
    let subject: String?

    /// Reads an answer; nil is none. Whatever does not clearly admit, or clearly refuse, is no answer either.
    init(_ answer: AuthorizationAnswer?, _ settings: AuthorizeSettings) throws(Refusal) {
        guard let answer else { throw Refusal(.authorizationUnavailable) }
        switch answer.status {
        case 200..<300: break
        case 401: throw Refusal(.authorizationRequired, challenges: Self.challenges(answer.headers))
        case 403: throw Refusal(.authorizationDenied)
        default: throw Refusal(.authorizationUnavailable)
        }
        var fields: [HeaderField] = []
        for name in settings.copiedResponseHeaders {
            for value in answer.headers.values(name) {
                guard Self.isSane(value, maximumBytes: Self.maximumValueBytes) else {
                    throw Refusal(.authorizationUnavailable)
                }
                fields.append(HeaderField(name: name, value: value))
            }
        }
        self.fields = fields
        subject = try Self.subject(answer.headers, settings)
    }

    /// Nobody where the service names nobody. Two different ones are no answer.
    private static func subject(_ headers: HeaderFields, _ settings: AuthorizeSettings) throws(Refusal) -> String? {
        let values = Set(settings.subjectHeader.map { headers.values($0) } ?? []).subtracting([""])
        guard values.count <= 1, values.allSatisfy({ isSane($0, maximumBytes: maximumSubjectBytes) }) else {
            throw Refusal(.authorizationUnavailable)
        }
        return values.first
    }

    /// Those that may be passed on.
    private static func challenges(_ headers: HeaderFields) -> [String] {
        let sane = headers.values("WWW-Authenticate").filter {
            !$0.isEmpty && isSane($0, maximumBytes: maximumChallengeBytes)
        }
        return Array(sane.prefix(maximumChallenges))
    }

    /// Neither a control (CR, LF and NUL above all), nor what stands for bytes that were not UTF-8, nor too long.
    private static func isSane(_ value: String, maximumBytes: Int) -> Bool {
        value.utf8.count <= maximumBytes && HeaderFields.isValidValue(value)
            && !value.unicodeScalars.contains("\u{fffd}")
    }

    /// What it takes to remember it.
    var bytes: Int {
        fields.reduce(subject?.utf8.count ?? 0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }
}
