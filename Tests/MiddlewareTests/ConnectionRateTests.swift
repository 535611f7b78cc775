import PolicyModel
import Testing

@testable import Middleware

@Suite struct ConnectionRateTests {
    private let settings = ConnectionRateSettings(rate: Rate(count: 2, period: .seconds(3)), burst: 2)

    @Test("a burst, then by the rate; the wait is rounded up to whole seconds")
    func burst() throws {
        let chain = chain(.connectionRate(settings))
        #expect(chain.admit(try context()).reason == nil)
        #expect(chain.admit(try context()).reason == nil)
        let refused = try #require(chain.admit(try context()).refused).0
        #expect(refused == Refusal(.connectionRateExceeded, retryAfterSeconds: 2))
        #expect(chain.admit(try context(monotonic: 1_499_999_999)).refused?.0.retryAfterSeconds == 1)
        #expect(chain.admit(try context(monotonic: 1_500_000_000)).reason == nil)
    }

    @Test("H29 IPv6 counts by its /64, IPv4 by itself")
    func network() throws {
        let chain = chain(.connectionRate(settings))
        for host in 1...2 { #expect(chain.admit(try context(from: "2001:db8::\(host)")).reason == nil) }
        #expect(chain.admit(try context(from: "2001:db8::3")).reason == .connectionRateExceeded)
        #expect(chain.admit(try context(from: "2001:db8:0:1::3")).reason == nil)
        for host in 1...4 { #expect(chain.admit(try context(from: "192.0.2.\(host)")).reason == nil) }
    }
}
