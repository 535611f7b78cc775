import Portcullis
import Testing

@testable import CustomGateway

@Suite struct OfficeHoursTests {
    @Test(
        "clients come in from the first hour until before the last",
        arguments: [(7, false), (8, true), (17, true), (18, false)])
    func hours(_ hour: Int64, _ isOpen: Bool) throws {
        let office = try OfficeHours(yaml: "{ opens: 8, closes: 18 }")
        var handshake = try #require(
            Handshake(unixSeconds: hour * 3600 + 1800, upstreamHeaders: office.upstreamHeaders))
        switch office.evaluate(&handshake) {
        case .pass:
            #expect(isOpen && handshake.upstreamHeaders(named: "X-Office-Closes") == ["18:00"])
        case .refuse(let reason, let wait):
            #expect(!isOpen && reason == .closed)
            #expect(wait == .seconds(hour == 7 ? 1800 : 13 * 3600 + 1800))
        }
    }

    @Test("a certain scope opens at any hour", arguments: [("staff", true), ("guest", false)])
    func scope(_ scope: String, _ mayCome: Bool) throws {
        let office = try OfficeHours(yaml: "{ opens: 8, closes: 18, always_for_scope: staff }")
        let token = Token(subject: "alice", scopes: [scope])
        var handshake = try #require(Handshake(token: token, upstreamHeaders: office.upstreamHeaders))
        #expect((office.evaluate(&handshake) == .pass) == mayCome)
    }

    @Test("an office that closes before it opens is a mistake in the policy")
    func settings() {
        let error = #expect(throws: SettingsError.self) { try OfficeHours(yaml: "{ opens: 18, closes: 8 }") }
        #expect(error?.description == "office_hours:1:22: error: `closes` must be later than `opens`")
    }
}
