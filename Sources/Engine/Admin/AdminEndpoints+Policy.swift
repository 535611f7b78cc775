internal import Locking
internal import Tokens

/// The policy in force, another one, and the gateway's end.
extension AdminEndpoints {
    /// How long a reload may take to be answered, in milliseconds.
    private static let reloadPatience: Int32 = 30_000

    /// The policy in force and the files that it was read from.
    func policy(_ request: AdminRequest) throws(AdminRefusal) -> AdminAnswer {
        _ = try request.query([])
        let policy = control.policy
        return AdminAnswer([
            "version": .string(policy.runtime.policyVersion),
            "since": .string(Timestamp.rfc3339(unixMilliseconds: policy.sinceUnixMilliseconds)),
            "files": .array(
                policy.runtime.files.map { .object(["name": .string($0.name), "text": .string($0.text)]) }),
        ])
    }

    /// Reads the policies again, and waits for what comes of it.
    func reload(_ request: AdminRequest) throws(AdminRefusal) -> AdminAnswer {
        _ = try request.query([])
        tell("reload asked for", request)
        guard !control.isDraining else { throw Self.draining }
        let outcome = Lock<ReloadOutcome?>(nil)
        let answered: WakeUp
        do throws(SystemError) {
            answered = try WakeUp(blocking: false)
        } catch {
            throw AdminRefusal(status: 503, error: "out-of-descriptors", message: "\(error)")
        }
        control.reload { answer in
            outcome.withLock { $0 = answer }
            answered.wake()
        }
        answered.wait(milliseconds: Self.reloadPatience)
        switch outcome.withLock({ $0 }) {
        case nil:
            throw AdminRefusal(
                status: 504, error: "reload-timeout",
                message: "not done within 30 s; it goes on, and /status says how it ends")
        case .inForce(let version):
            return AdminAnswer(["status": .string("in-force"), "version": .string(version)])
        case .refused(let lines):
            throw AdminRefusal(
                status: 422, error: "policy-refused",
                message: "all stays as it was: mend what the diagnostics name, and reload again", diagnostics: lines)
        case .draining: throw Self.draining
        }
    }

    private static let draining = AdminRefusal(
        status: 409, error: "draining", message: "the gateway drains: it takes no new policy")

    /// Begins the gateway's end, as TERM does.
    func drain(_ request: AdminRequest) throws(AdminRefusal) -> AdminAnswer {
        _ = try request.query([])
        tell("drain asked for", request)
        control.drain()
        return AdminAnswer(status: 202, ["status": .string("draining")])
    }
}
