internal import Middleware
internal import PolicyModel

/// A handshake whose chain waits. A class, so that a session's phase stays small.
final class Suspension {
    let handshake: SuspendedHandshake
    let route: RouteRuntime

    init(_ handshake: SuspendedHandshake, _ route: RouteRuntime) {
        self.handshake = handshake
        self.route = route
    }
}

/// A question that has been asked elsewhere.
final class AskedErrand {
    let suspension: Suspension
    /// The host's number of it, under which the answer comes.
    let number: UInt64
    /// What the handshake is refused with when the answer is late.
    let late: Refusal

    init(_ errand: Errand, number: UInt64, of suspension: Suspension) {
        self.suspension = suspension
        self.number = number
        late = errand.late
    }
}

/// A step of the chain has to wait, for an answer from elsewhere or for the client's first message: this connection waits, and
/// no other one does.
extension Session {
    func suspend(_ handshake: SuspendedHandshake, _ route: RouteRuntime) {
        let suspension = Suspension(handshake, route)
        switch handshake.pending {
        case .errand(let errand):
            let number = host.expectAnswer(for: self)
            phase = .errand(AskedErrand(errand, number: number, of: suspension))
            setPhaseDeadline(worker.now.saturatingAdd(errand.patience.nanoseconds))
            host.ask(errand, number: number)
        case .firstMessage(let demand):
            greet(suspension, demand)
        }
    }

    /// The answer is here.
    func resume(_ conclusion: @escaping Conclusion) {
        guard case .errand(let errand) = phase else { return }
        goOn(with: errand.suspension, conclusion)
    }

    /// The answer is late. The step refuses; one in shadow mode would have.
    func giveUp(_ errand: AskedErrand) {
        host.forgetAnswer(errand.number)
        let late = errand.late
        goOn(with: errand.suspension) { _ in .refuse(late) }
    }

    /// The chain goes on where it stopped.
    func goOn(with suspension: Suspension, _ conclusion: @escaping Conclusion) {
        guard host.isAdmitting else { return refuse(Refusal(.draining)) }
        // Nothing waits any more, whatever the chain comes to.
        phase = .judging
        settle(suspension.handshake.resume(at: time, with: conclusion), suspension.route)
    }

    /// Nothing is waited for any more. What the chain had found until then goes into the log.
    func noteUndecided() {
        switch phase {
        case .errand(let errand):
            host.forgetAnswer(errand.number)
            facts.note(errand.suspension.handshake.context)
        case .firstMessage(let reader):
            facts.note(reader.suspension.handshake.context)
        default: break
        }
    }
}
