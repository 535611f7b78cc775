import Testing

@testable import Engine

extension Keepalive.Due {
    fileprivate var text: String {
        switch self {
        case .nothing: "nothing"
        case .ping(let number): "ping \(number)"
        case .lost: "lost"
        }
    }
}

@Suite struct KeepaliveTests {
    @Test("a silent peer is pinged after the interval, once, and lost after the timeout")
    func silent() {
        var life = Keepalive(interval: 30, timeout: 10, now: 100)
        #expect(life.deadline == 130)
        #expect(life.check(129).text == "nothing")
        #expect(life.check(130).text == "ping 1")
        #expect(life.deadline == 140)
        #expect(life.check(139).text == "nothing")
        #expect(life.check(140).text == "lost")
    }

    @Test("anything heard is life: the interval begins again, and the next ping has the next number")
    func heard() {
        var life = Keepalive(interval: 30, timeout: 10, now: 0)
        #expect(life.check(30).text == "ping 1")
        life.heard(39)
        #expect(life.deadline == 69)
        #expect(life.check(40).text == "nothing")
        #expect(life.check(69).text == "ping 2")
        #expect(life.check(79).text == "lost")
    }

    @Test("a check that comes late counts the timeout from the ping")
    func late() {
        var life = Keepalive(interval: 30, timeout: 10, now: 0)
        #expect(life.check(500).text == "ping 1")
        #expect(life.deadline == 510)
    }

    @Test("one that may not be asked is asked soon, and what it was asked before it still owes")
    func notNow() {
        var life = Keepalive(interval: 30_000_000_000, timeout: 10, now: 0)
        #expect(life.check(30_000_000_000, mayAsk: false).text == "nothing")
        #expect(life.deadline == 30_500_000_000)
        #expect(life.check(30_500_000_000).text == "ping 1")
        #expect(life.check(30_500_000_010, mayAsk: false).text == "lost")
        var short = Keepalive(interval: 30, timeout: 10, now: 0)
        #expect(short.check(30, mayAsk: false).text == "nothing")
        #expect(short.deadline == 60)
    }

    @Test("intervals without end never end")
    func endless() {
        var life = Keepalive(interval: .max, timeout: .max, now: 5)
        #expect(life.deadline == .max)
        #expect(life.check(.max - 1).text == "nothing")
    }
}
