internal import Locking
internal import Tokens

/// One-time tickets: each stands for a token that was shown, and opens one connection within half a minute. A page can put one
/// into a URL, where a token would be written down by others and stay good.
///
/// Safe to use from any thread.
package final class TicketOffice: Sendable {
    /// For how long a ticket is good, in seconds.
    package static let lifetime: Int64 = 30

    /// What a ticket was good for.
    enum Redemption: Hashable {
        case token(String)
        case used
        case expired
        /// Never given out, or so long ago that it is forgotten.
        case unknown
    }

    /// What becomes of a token that is shown for a ticket.
    enum Issue: Hashable {
        case ticket(String)
        /// It has as many good tickets as one token may have.
        case tooMany
        /// There is no room for anybody's.
        case full
    }

    private struct Ticket {
        /// nil once it is used.
        var token: String?
        let end: Int64
    }

    private struct State {
        var tickets: [String: Ticket] = [:]
        /// In the order in which they were given out, which is the order in which they end.
        var order = Queue<String>()
        var bytes = 0
        /// Good tickets of each token that has any.
        var good: [String: Int] = [:]
    }

    /// Good tickets of one token: nobody may take all the room there is.
    static let maximumOfToken = 64

    private let maximumTickets: Int
    private let maximumBytes: Int
    private let state = Lock(State())

    /// Bounds: of tickets that are good or were used not long ago, and of the tokens behind them together.
    package init(maximumTickets: Int = 65_536, maximumBytes: Int = 64 << 20) {
        self.maximumTickets = maximumTickets
        self.maximumBytes = maximumBytes
    }

    /// A ticket for `token`, made of random bytes, of which there must be 32. `now` in nanoseconds.
    func issue(for token: String, seed: [UInt8], now: Int64) -> Issue {
        let ticket = Base64URL.encode(seed)
        return state.withLock { state in
            Self.forget(&state, now: now)
            let bytes = token.utf8.count
            guard state.good[token, default: 0] < Self.maximumOfToken else { return .tooMany }
            guard state.tickets.count < maximumTickets, state.bytes + bytes <= maximumBytes,
                state.tickets[ticket] == nil
            else { return .full }
            state.good[token, default: 0] += 1
            state.tickets[ticket] = Ticket(token: token, end: now + Self.lifetime * 1_000_000_000)
            state.order.append(ticket)
            state.bytes += bytes
            return .ticket(ticket)
        }
    }

    /// Takes a ticket, which is used from then on, unless who asks `keepsIt` for somebody else.
    func redeem(_ ticket: String, now: Int64, keepsIt: Bool = false) -> Redemption {
        state.withLock { state in
            guard let known = state.tickets[ticket] else { return .unknown }
            guard known.end > now else { return .expired }
            guard let token = known.token else { return .used }
            guard !keepsIt else { return .token(token) }
            state.tickets[ticket]?.token = nil
            Self.release(token, &state)
            return .token(token)
        }
    }

    /// Tickets that are remembered, and the bytes of their tokens.
    var held: (tickets: Int, bytes: Int) { state.withLock { ($0.tickets.count, $0.bytes) } }

    /// A ticket of the token is good no more.
    private static func release(_ token: String, _ state: inout State) {
        state.bytes -= token.utf8.count
        let rest = state.good[token, default: 0] - 1
        state.good[token] = rest > 0 ? rest : nil
    }

    /// Forgets tickets that ended long enough ago that nobody who brings one need be told that it did.
    private static func forget(_ state: inout State, now: Int64) {
        while let oldest = state.order.first, let ticket = state.tickets[oldest],
            ticket.end + lifetime * 1_000_000_000 <= now
        {
            if let token = ticket.token { release(token, &state) }
            state.tickets[oldest] = nil
            state.order.popFirst()
        }
    }
}
