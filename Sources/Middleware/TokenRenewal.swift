package import PolicyModel
package import Tokens

/// `renew`: a message of a live connection may bring a fresh token of the same subject, which moves its end. The message is
/// the gateway's and goes no further, whatever comes of it.
package struct TokenRenewal: Sendable {
    /// What comes of such a message.
    package enum Outcome: Sendable {
        case renewed(VerifiedToken, IdentityTerm)
        /// Nothing can be said of any token at the moment: the connection lives on with the one that it has.
        case postponed
        case refused(RefusalReason)
    }

    private var check: TokenCheck
    /// Where a message that brings one has its token.
    let pointer: JSONPointer

    init(_ check: TokenCheck, at pointer: JSONPointer) {
        self.check = check
        self.pointer = pointer
    }

    /// Looks for the token where it did, and judges it as `other` does.
    package func judging(as other: TokenRenewal) -> TokenRenewal {
        var renewal = self
        renewal.check = other.check
        return renewal
    }

    /// What becomes of a connection of `identity` for which `message` has come. `now` in Unix seconds.
    package func judge(
        _ message: [UInt8], of identity: VerifiedToken, from address: IPAddress, now: Int64
    ) -> Outcome {
        // As long as a first message, and read as strictly.
        guard message.count <= FirstMessageSettings.maximumBytes, let json = JSON.decode(message),
            case .string(let text)? = json.value(at: pointer.tokens)
        else { return .refused(.tokenMalformed) }
        do throws(RefusalReason) {
            let (fresh, term) = try check.verify(text, from: address, now: now)
            // Byte by byte, as servers tell their users apart: to `==` two that only look alike are one.
            guard fresh.subject.utf8.elementsEqual(identity.subject.utf8), fresh.issuerName == identity.issuerName
            else { return .refused(.tokenSubjectMismatch) }
            // Nobody counts a renewal, and what is not counted is not bounded.
            guard fresh.claims.uses == nil else { return .refused(.tokenExhausted) }
            return .renewed(fresh, term)
        } catch {
            let isOpen =
                error == .tokenStoreUnavailable || error == .tokenKeysUnavailable
                || check.isLooking(for: text, error, now: now)
            return isOpen ? .postponed : .refused(error)
        }
    }
}
