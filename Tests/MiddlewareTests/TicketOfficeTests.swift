import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Middleware

private let second: Int64 = 1_000_000_000

private func seed(_ number: Int) -> [UInt8] {
    (0..<32).map { UInt8(truncatingIfNeeded: number >> ($0 % 4 * 8)) }
}

extension TicketOffice.Issue {
    fileprivate var text: String? {
        if case .ticket(let text) = self { text } else { nil }
    }
}

@Suite struct TicketOfficeTests {
    @Test("a ticket opens once, and until it ends; afterwards it is said for a while why not")
    func once() throws {
        let office = TicketOffice()
        let first = try #require(office.issue(for: "one", seed: seed(1), now: 0).text)
        let second = try #require(office.issue(for: "two", seed: seed(2), now: 0).text)
        #expect(first != second)
        #expect(office.redeem("other", now: 0) == .unknown)
        #expect(office.redeem(first, now: 29_999_999_999) == .token("one"))
        #expect(office.redeem(first, now: 29_999_999_999) == .used)
        #expect(office.redeem(second, now: 30_000_000_000) == .expired)
        #expect(office.redeem(first, now: 30_000_000_000) == .expired)
        _ = office.issue(for: "three", seed: seed(3), now: 60_000_000_000)
        #expect(office.redeem(first, now: 60_000_000_000) == .unknown)
        #expect(office.held == (1, 5))
    }

    @Test("H29 tickets are bounded by their number and by the bytes of their tokens, and room comes back")
    func bounded() throws {
        let few = TicketOffice(maximumTickets: 3, maximumBytes: 1000)
        let given = (0..<5).map { few.issue(for: "t", seed: seed($0), now: 0) }
        #expect(given.map { $0 == .full } == [false, false, false, true, true])
        #expect(few.issue(for: "t", seed: seed(9), now: 60 * second).text != nil)
        let small = TicketOffice(maximumTickets: 100, maximumBytes: 10)
        let ticket = try #require(small.issue(for: "123456", seed: seed(1), now: 0).text)
        #expect(small.issue(for: "12345", seed: seed(2), now: 0) == .full)
        #expect(small.redeem(ticket, now: 0) == .token("123456"))
        #expect(small.issue(for: "12345", seed: seed(2), now: 0).text != nil)
    }

    @Test("H29 one token has as many good tickets as it may, and leaves the others theirs")
    func ofOneToken() throws {
        let office = TicketOffice()
        let given = (0..<TicketOffice.maximumOfToken).compactMap { office.issue(for: "t", seed: seed($0), now: 0).text }
        #expect(given.count == TicketOffice.maximumOfToken)
        #expect(office.issue(for: "t", seed: seed(100), now: 0) == .tooMany)
        #expect(office.issue(for: "u", seed: seed(101), now: 0).text != nil)
        #expect(office.redeem(given[0], now: 0) == .token("t"))
        #expect(office.issue(for: "t", seed: seed(102), now: 0).text != nil)
        #expect(office.issue(for: "t", seed: seed(103), now: 0) == .tooMany)
        #expect(office.issue(for: "t", seed: seed(104), now: 60 * second).text != nil)
    }

    @Test("100,000 tickets one after the other are forgotten one after the other")
    func forgotten() {
        let office = TicketOffice()
        for number in 0..<100_000 {
            _ = office.issue(for: "t\(number % 1000 + 1000)", seed: seed(number), now: Int64(number) * second / 100)
        }
        #expect(office.held.tickets == 6000)
        #expect(office.held.bytes == 5 * office.held.tickets)
    }
}

@Suite struct TicketTests {
    private let chain: MiddlewareChain

    init() {
        var settings = TokenSettings(issuers: ["local"], carriers: [.authorization, .cookie("session"), .query("t")])
        settings.ticketParameter = "ticket"
        settings.failures = FailureSettings(rate: Rate(count: 5, period: .seconds(60)), block: .seconds(60))
        let origin = OriginSettings(
            allow: [.init(scheme: "https", host: "app.example.com", port: 443)], admitsMissing: true)
        var environment = MiddlewareEnvironment(tokens: ToyKey.authority)
        chain = MiddlewareChain(
            entries: [.token(settings), .origin(origin)].map { MiddlewareEntry(settings: $0, position: position) },
            name: "route chat", environment: &environment)
    }

    private func ask(
        _ fields: [(String, String)], target: String = "/.portcullis/ticket", seed number: Int = 1,
        preflight: Bool = false
    ) throws -> ChainOutcome {
        let connection = try context(target, fields)
        return chain.admit(
            HandshakeContext(
                request: connection.request, clientAddress: connection.clientAddress, requestID: "r-1",
                time: connection.time, purpose: preflight ? .preflight : .ticket(seed: seed(number))))
    }

    private func ticket(_ outcome: ChainOutcome) throws -> String {
        guard case .answered(.ticket(let ticket), _) = outcome else { throw Refusal(.ticketUnknown) }
        return ticket
    }

    @Test("a token in a header or a cookie becomes a ticket, which opens once and is seen by nobody behind")
    func opens() throws {
        let token = try ToyKey.token()
        for (number, field) in [("Authorization", "Bearer \(token)"), ("Cookie", "session=\(token)")].enumerated() {
            let fields = [field]
            let ticket = try ticket(try ask(fields, seed: number))
            // A browser sends the cookie along with the ticket.
            let admitted = try #require(chain.admit(try context("/chat?a=1&ticket=\(ticket)", fields)).admitted)
            #expect(admitted.identity?.id == "t-1")
            #expect(admitted.request.target.description == "/chat?a=1")
            #expect(chain.admit(try context("/chat?ticket=\(ticket)")).reason == .ticketUsed)
            #expect(chain.admit(try context("/chat?ticket=\(ticket)x")).reason == .ticketUnknown)
        }
    }

    @Test("a step in shadow mode looks at a ticket and leaves it for the one that counts")
    func shadow() throws {
        var settings = TokenSettings(issuers: ["local"])
        settings.ticketParameter = "ticket"
        var stricter = settings
        stricter.audience = "news"
        var environment = MiddlewareEnvironment(tokens: ToyKey.authority)
        let chain = MiddlewareChain(
            entries: [
                MiddlewareEntry(settings: .token(stricter), mode: .shadow, position: position),
                MiddlewareEntry(settings: .token(settings), position: position),
            ], name: "route chat", environment: &environment)
        let office = environment.memory.tickets
        let ticket = try #require(office.issue(for: try ToyKey.token(), seed: seed(1), now: 0).text)
        let admitted = try #require(chain.admit(try context("/chat?ticket=\(ticket)")).admitted)
        #expect(admitted.shadowRefusals.map(\.reason) == [.builtin(.tokenAudienceMismatch)])
        #expect(chain.admit(try context("/chat?ticket=\(ticket)")).reason == .ticketUsed)
    }

    @Test("a ticket beside another token is ambiguous")
    func ambiguous() throws {
        let ticket = try ticket(try ask([("Authorization", "Bearer \(try ToyKey.token())")]))
        let other = try ToyKey.token(id: "t-2")
        #expect(chain.admit(try context("/chat?ticket=\(ticket)&t=\(other)")).reason == .tokenAmbiguous)
        #expect(chain.admit(try context("/chat?ticket=a&ticket=b")).reason == .tokenAmbiguous)
    }

    @Test("no ticket for a token in a URL, for none, for a bad one, or for a page of another origin")
    func refused() throws {
        let token = try ToyKey.token()
        let bearer = ("Authorization", "Bearer \(token)")
        #expect(try ask([], target: "/.portcullis/ticket?t=\(token)").reason == .tokenMissing)
        #expect(try ask([]).reason == .tokenMissing)
        #expect(try ask([("Authorization", "Bearer x")]).reason == .tokenMalformed)
        #expect(try ask([bearer, ("Origin", "https://evil.example")]).reason == .originDenied)
        #expect(try ask([bearer, ("Origin", "https://app.example.com")]).reason == nil)
    }

    @Test("that a token is for another route is no failure of who asks for a ticket, that it is none is one")
    func failures() throws {
        let foreign = ("Authorization", "Bearer \(try ToyKey.token(issuer: "other"))")
        for _ in 0..<5 { #expect(try ask([foreign]).reason == .tokenIssuerUnknown) }
        for _ in 0..<5 { #expect(try ask([("Authorization", "Bearer x")]).reason == .tokenMalformed) }
        #expect(try ask([foreign]).reason == .tokenFailuresExceeded)
    }

    @Test("a page may ask before it asks: its origin alone is judged")
    func preflight() throws {
        guard case .answered(.mayAsk, let context) = try ask([("Origin", "https://app.example.com")], preflight: true)
        else {
            Issue.record("refused")
            return
        }
        #expect(context.allowedOrigin == "https://app.example.com")
        #expect(try ask([("Origin", "https://evil.example")], preflight: true).reason == .originDenied)
        #expect(try ask([], preflight: true).reason == .originMissing)
    }
}
