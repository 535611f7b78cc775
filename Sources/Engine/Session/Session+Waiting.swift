internal import Middleware
internal import PolicyModel

/// A handshake whose chain waits. A class, so that a session's phase stays small.
final class Suspension {
    let handshake: SuspendedHandshake
    let route: RouteRuntime
    /// The host's number of the errand, under which the answer comes.
    let errand: UInt64
    /// What it is refused with when the answer is late.
    let late: Refusal

    init(_ handshake: SuspendedHandshake, _ route: RouteRuntime, errand: UInt64, late: Refusal) {
        self.handshake = handshake
        self.route = route
        self.errand = errand
        self.late = late
    }
}

/// A step of the chain has asked elsewhere: this connection waits for the answer, and no other one does.
extension Session {
    func suspend(_ handshake: SuspendedHandshake, _ route: RouteRuntime) {
        switch handshake.pending {
        case .errand(let errand):
            let number = host.expectAnswer(for: self)
            phase = .suspended(Suspension(handshake, route, errand: number, late: errand.late))
            setPhaseDeadline(worker.now.saturatingAdd(errand.patience.nanoseconds))
            host.ask(errand, number: number)
        }
    }

    /// The answer is here: the chain goes on where it stopped.
    func resume(_ conclusion: @escaping Conclusion) {
        guard case .suspended(let suspension) = phase else { return }
        // Its deadline was the errand's; the dial sets the next one.
        guard host.isAdmitting else { return refuse(Refusal(.draining)) }
        // Nothing waits any more, whatever the chain comes to.
        phase = .tls
        settle(suspension.handshake.resume(at: time, with: conclusion), suspension.route)
    }

    /// Nobody waits for the answer any more. What the chain had found until then goes into the log.
    func giveUpWaiting() {
        guard case .suspended(let suspension) = phase else { return }
        host.forgetAnswer(suspension.errand)
        facts.note(suspension.handshake.context)
    }
}
