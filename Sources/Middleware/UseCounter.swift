import PolicyModel
import Tokens

/// Counts the connections of tokens that are good for so many in all, for every gateway of the same store.
package protocol UseCounter: Sendable {
    /// Counts one use of the token with this `jti`, of at most `limit`. `answered` takes what came of it: exactly once, on
    /// any thread, also before this returns.
    func use(_ id: String, limit: Int64, answered: @escaping @Sendable (UseAnswer) -> Void)
}

/// What came of a use.
package enum UseAnswer: Sendable, Hashable {
    case admitted
    /// It was used as often as it may be, or nobody knows how often.
    case exhausted
    /// The store cannot be written.
    case unavailable
}

extension HandshakeContext {
    /// How the connection is counted; it passes where its token is good for any number. The last step of every chain: a
    /// connection that something else refuses is none.
    func count(by counter: (any UseCounter)?) -> Verdict {
        guard let claims = identity?.claims, let limit = claims.uses else { return .pass }
        // Fail closed: what is not counted is not bounded.
        guard let counter else { return .refuse(Refusal(.tokenStoreUnavailable)) }
        let id = claims.id
        let errand = Errand(patience: .seconds(10), late: Refusal(.tokenStoreUnavailable)) { answered in
            counter.use(id, limit: limit) { answer in
                answered { _ in
                    switch answer {
                    case .admitted: .pass
                    case .exhausted: .refuse(Refusal(.tokenExhausted))
                    case .unavailable: .refuse(Refusal(.tokenStoreUnavailable))
                    }
                }
            }
        }
        return .wait(.errand(errand))
    }
}
