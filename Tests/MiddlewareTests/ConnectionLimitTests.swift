import PolicyModel
import Testing

@testable import Middleware

@Suite struct ConnectionLimitTests {
    @Test("so many at once; one that ends makes room")
    func limit() throws {
        let chain = chain(.connectionLimit(ConnectionLimitSettings(maximum: 2)))
        var live = [
            try #require(chain.admit(try context()).admitted), try #require(chain.admit(try context()).admitted),
        ]
        #expect(chain.admit(try context()).reason == .connectionLimitExceeded)
        #expect(chain.admit(try context(from: "192.0.2.2")).reason == nil)
        live.removeLast()
        let third = chain.admit(try context())
        #expect(third.reason == nil)
        #expect(chain.admit(try context()).reason == .connectionLimitExceeded)
        #expect(live.count == 1 && third.admitted?.leases.count == 1)
    }

    @Test("H29 IPv6 counts by its /64")
    func network() throws {
        let chain = chain(.connectionLimit(ConnectionLimitSettings(maximum: 1)))
        let live = chain.admit(try context(from: "2001:db8::1"))
        #expect(live.reason == nil)
        #expect(chain.admit(try context(from: "2001:db8::2")).reason == .connectionLimitExceeded)
        #expect(chain.admit(try context(from: "2001:db8:0:1::2")).reason == nil)
    }

    @Test("what a later middleware refuses gives its place back, though its context lives on")
    func refused() throws {
        let chain = chain(
            .connectionLimit(ConnectionLimitSettings(maximum: 1)), .origin(OriginSettings(allow: [])))
        let first = chain.admit(try context())
        #expect(first.reason == .originMissing)
        #expect(chain.admit(try context()).reason == .originMissing)
        #expect(first.refused?.1.leases.isEmpty == true)
    }
}
