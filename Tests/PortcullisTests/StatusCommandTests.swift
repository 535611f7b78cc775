import Testing
import Tokens

@testable import Portcullis

@Suite struct StatusCommandTests {
    @Test("an answer in lines for people; nothing in it moves a terminal's cursor, and what is missing is a dash")
    func lines() throws {
        let text = #"""
            {"version": "1", "pid": 7, "uptime_seconds": 61, "draining": true, "connections": 2,
             "policy": {"version": "abc", "since": "then"}, "memory": {"resident_bytes": 1048576},
             "last_reload": {"at": "now", "outcome": "refused", "diagnostics": ["a\u001b[2Jb"]},
             "listeners": [{"name": "public", "address": null, "connections": 2, "maximum": 9}],
             "workers": [{"index": 0, "connections": null}]}
            """#
        let lines = StatusCommand.lines(try #require(JSON.decode(Array(text.utf8))))
        #expect(
            lines == [
                "portcullis 1, process 7, up 1m 1s, draining", "policy abc, in force since then", "connections 2",
                "memory 1.0 MiB of -", "descriptors - of -", "last reload now: refused", #"  a\u001B[2Jb"#, "",
                "LISTENER  ADDRESS  CONNECTIONS  MAXIMUM", "public    -        2            9", "",
                "WORKER  CONNECTIONS", "0       busy",
            ])
    }
}
