internal import WebSocketProtocol

/// The frames of a relay: two lanes, two outlets, and the life of either peer. One value, so that all that a receive brings is
/// one change of it.
struct FrameExchange {
    var toClient: Outlet
    var toUpstream: Outlet
    var fromClient: Lane
    var fromUpstream: Lane
    var clientLife: Keepalive
    var upstreamLife: Keepalive

    /// What became of received bytes.
    enum Passage {
        /// They have passed, and nothing else has changed.
        case passed
        /// Some wait in their channel, a message has begun that has not ended, or a control frame waits.
        case needsCare
        /// Nothing of that peer counts any more: so many bytes were not looked at.
        case ignored(Int)
        /// The client's fresh token has come; the bytes from here on have not been looked at.
        case renewal([UInt8], end: Int)
        case ended(Lane.Outcome)
    }

    /// Passes on what there is room for. TLS may have given more, since it had kept a part of a record, and messages may have
    /// grown under a rule: the rest waits in the channel until the other side has taken some.
    mutating func pass(_ bytes: Span<UInt8>, from side: Relay.Side, isCut: Bool, worker: Worker) -> Passage {
        let channel = side == .client ? toClient.channel : toUpstream.channel
        var taken = 0
        while taken < bytes.count {
            guard !isOver(side) else { return .ignored(bytes.count - taken) }
            let room = room(for: side)
            guard room > 0 else {
                channel.keep(bytes.extracting(taken..<bytes.count))
                return .needsCare
            }
            let part = bytes.extracting(taken..<taken + min(room, bytes.count - taken))
            let outcome = receive(part, from: side, isCut: isCut, worker: worker)
            switch outcome {
            case .goOn: taken += part.count
            case .held(let place): taken += place
            case .renewal(let message, let end): return .renewal(message, end: taken + end)
            case .closed, .failed, .denied, .exceeded: return .ended(outcome)
            }
        }
        return owes || isHeld || hasMessageBegun(at: worker.now) ? .needsCare : .passed
    }

    /// Bytes of that peer for which there is room; none while it has to wait for something else.
    private func room(for side: Relay.Side) -> Int {
        if side == .client { return fromClient.heldUntil != nil || toClient.owesMessage ? 0 : toUpstream.room }
        return fromUpstream.heldUntil != nil || toUpstream.owesMessage ? 0 : toClient.room
    }

    /// Whether that peer has to wait, whatever room there is: for its time, or to read an answer.
    func mustWait(_ side: Relay.Side) -> Bool {
        side == .client
            ? fromClient.heldUntil != nil || toClient.owesMessage || toClient.owesPong
            : fromUpstream.heldUntil != nil || toUpstream.owesMessage || toUpstream.owesPong
    }

    /// Whether one of the peers is not read for a time.
    var isHeld: Bool { fromClient.heldUntil != nil || fromUpstream.heldUntil != nil }

    /// Whether that peer's time comes only after that one.
    func isHeld(_ side: Relay.Side, beyond time: Nanoseconds) -> Bool {
        (side == .client ? fromClient : fromUpstream).heldUntil ?? .min > time
    }

    /// Has nobody wait any more.
    mutating func lift() {
        fromClient.lift()
        fromUpstream.lift()
    }

    /// When the first of them is read again.
    var holdsEnd: Nanoseconds { min(fromClient.heldUntil ?? .max, fromUpstream.heldUntil ?? .max) }

    /// Lets go on who was held until `now` or before. True where anybody was.
    mutating func release(at now: Nanoseconds) -> Bool {
        let (client, upstream) = (fromClient.release(at: now), fromUpstream.release(at: now))
        return client || upstream
    }

    private mutating func receive(
        _ bytes: Span<UInt8>, from side: Relay.Side, isCut: Bool, worker: Worker
    ) -> Lane.Outcome {
        if side == .client {
            clientLife.heard(worker.now)
            return fromClient.receive(
                bytes, to: &toUpstream, back: &toClient, discards: isCut, worker: worker, random: &worker.random)
        }
        upstreamLife.heard(worker.now)
        return fromUpstream.receive(
            bytes, to: &toClient, back: &toUpstream, discards: isCut, worker: worker, random: &worker.random)
    }

    /// Whether nothing of that peer counts any more.
    func isOver(_ side: Relay.Side) -> Bool {
        side == .client ? fromClient.isOver : fromUpstream.isOver
    }

    /// Whether a message has begun at that time and not ended.
    func hasMessageBegun(at now: Nanoseconds) -> Bool {
        fromClient.openSince == now || fromUpstream.openSince == now
    }

    /// Whether a control frame waits to be sent, to either side.
    var owes: Bool { toClient.owes || toUpstream.owes }

    /// Gives back what messages that have not ended hold.
    mutating func release(_ worker: Worker) {
        fromClient.release(worker)
        fromUpstream.release(worker)
    }
}
