import PolicyModel
import Testing

@Suite struct RefusalCauseTests {
    @Test("both kinds are spelt by one name")
    func spelling() throws {
        let reason = try CustomReason("office-hours-closed", of: "office_hours", status: 403, message: "Closed.")
        #expect(RefusalCause.custom(reason).rawValue == "office-hours-closed")
        #expect(RefusalCause.custom(reason).builtin == nil)
        #expect(RefusalCause.builtin(.ipDenied).rawValue == "ip-denied")
        #expect(RefusalCause.builtin(.ipDenied).builtin == .ipDenied)
    }

    @Test(
        "names of a middleware's own reasons",
        arguments: [
            ("office-hours", "office_hours", nil), ("office-hours-2", "office_hours", nil), ("x", "x", nil),
            (String(repeating: "x", count: 64), String(repeating: "x", count: 64), nil),
            (String(repeating: "x", count: 65), String(repeating: "x", count: 65), "lower case words"),
            ("", "x", "lower case words"), ("x--y", "x", "lower case words"), ("x-", "x", "lower case words"),
            ("x_y", "x", "lower case words"), ("X", "x", "lower case words"), ("x-\u{e9}", "x", "lower case words"),
            ("y", "x", "begin with the middleware's name, `x`"), ("office", "office_hours", "`office-hours`"),
            ("office-hoursx", "office_hours", "`office-hours`"), ("ip-denied", "ip", "gateway's own"),
            ("idle-timeout", "idle", "gateway's own"),
        ] as [(String, String, String?)])
    func names(_ name: String, _ owner: String, _ problem: String?) throws {
        guard let problem else {
            #expect(try CustomReason(name, of: owner, status: 403, message: "No.").rawValue == name)
            return
        }
        let error = #expect(throws: CustomReason.Problem.self) {
            try CustomReason(name, of: owner, status: 403, message: "No.")
        }
        #expect(error?.description.contains(problem) == true)
    }

    @Test(
        "statuses and messages",
        arguments: [
            (400, "No.", true), (599, "No.", true), (429, "No.", true), (399, "No.", false), (600, "No.", false),
            (101, "No.", false), (405, "No.", false), (407, "No.", false), (426, "No.", false),
            (403, String(repeating: "x", count: 200), true), (403, String(repeating: "x", count: 201), false),
            (403, "", false), (403, "a\nb", false), (403, "a\u{7f}b", false), (403, "\u{20ac} \"\\", true),
        ])
    func answers(_ status: Int, _ message: String, _ isGood: Bool) {
        #expect(((try? CustomReason("x", of: "x", status: status, message: message)) != nil) == isGood)
    }
}
