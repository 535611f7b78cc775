import Testing

@testable import Engine

@Suite struct RepeatedNoticeTests {
    private static let second: Nanoseconds = 1_000_000_000

    @Test("is told once in ten seconds, with how often it was not told in between")
    func counts() {
        var notice = RepeatedNotice()
        #expect(notice.happened(to: "a", now: 0) == 0)
        #expect(notice.happened(to: "a", now: 1) == nil)
        #expect(notice.happened(to: "a", now: 10 * Self.second - 1) == nil)
        #expect(notice.happened(to: "a", now: 10 * Self.second) == 2)
        #expect(notice.happened(to: "a", now: 20 * Self.second) == 0)
    }

    @Test("each name is told of by itself")
    func names() {
        var notice = RepeatedNotice()
        #expect(notice.happened(to: "a", now: 0) == 0)
        #expect(notice.happened(to: "b", now: 0) == 0)
        #expect(notice.happened(to: "a", now: 1) == nil)
    }
}
