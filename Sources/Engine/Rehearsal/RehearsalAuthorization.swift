internal import Crypto
internal import Locking
internal import Middleware
internal import PolicyModel
internal import WebSocketProtocol

/// Answers for authorisation services. Where nothing was made up for one, it leaves its caller without an answer, and the
/// caller goes no further.
final class RehearsalAuthorization: AuthorizationService {
    private struct State {
        var answers: [MadeUpAuthorization] = []
        var unanswered: String?
    }

    private let state = Lock(State())

    /// What is answered from now on.
    func prepare(_ answers: [MadeUpAuthorization]) {
        state.withLock { $0 = State(answers: answers) }
    }

    /// The URL of the last service that had no answer; asked once.
    func takeUnanswered() -> String? {
        state.withLock { state in
            defer { state.unanswered = nil }
            return state.unanswered
        }
    }

    func ask(_ request: AuthorizationRequest, answered: @escaping @Sendable (AuthorizationAnswer?) -> Void) {
        let answer = state.withLock { state in
            let answer = state.answers.first { $0.url == nil || $0.url == request.url }
            if answer == nil { state.unanswered = request.url }
            return answer
        }
        guard let answer else { return }
        answered(
            answer.status.map { status in
                AuthorizationAnswer(
                    status: status,
                    headers: HeaderFields(answer.headers.map { HeaderField(name: $0.name, value: $0.value) }))
            })
    }

    func digest(_ bytes: [UInt8]) -> [UInt8] { Digest.sha256(bytes) }
}
