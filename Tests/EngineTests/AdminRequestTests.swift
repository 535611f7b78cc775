import Testing
import Tokens
import WebSocketProtocol

@testable import Engine

@Suite struct AdminRequestTests {
    private func request(_ target: String, body: String = "") throws -> AdminRequest {
        AdminRequest(
            head: RequestHead(
                method: "GET", target: try RequestTarget(originForm: target), host: try #require(RequestHost("a")),
                headers: HeaderFields()),
            body: Array(body.utf8), peer: .process(.init(process: 1, user: 0)))
    }

    @Test("a query's items are texts, and numbers are read out of them")
    func query() throws {
        let fields = try request("/x?a=b+c&n=7&f=true&e=").query(["a", "n", "f", "e", "g"])
        #expect(try fields.text("a") == "b c")
        #expect(try fields.number("n", 1...9) == 7)
        #expect(try !fields.flag("g"))
        #expect(try fields.text("e") == "")
        #expect(try fields.filledText("a") == "b c")
        #expect(try fields.filledText("g") == nil)
        #expect(try fields.text("g") == nil)
        #expect(throws: AdminRefusal.self) { try fields.number("n", 1...6) }
        #expect(throws: AdminRefusal.self) { try fields.number("a", 1...6) }
        #expect(throws: AdminRefusal.self) { try fields.filledText("e") }
        for name in ["a", "e", "f", "n"] {
            #expect(throws: AdminRefusal.self) { try fields.flag(name) }
        }
    }

    @Test("an object's members have their types; null is nothing")
    func object() throws {
        let fields = try request("/x", body: #"{"t":"a","l":["b","c"],"n":3,"f":true,"z":null}"#)
            .object(["t", "l", "n", "f", "z"])
        #expect(try fields.texts("l") == ["b", "c"])
        #expect(try fields.texts("t") == ["a"])
        #expect(try fields.number("n", 0...3) == 3)
        #expect(try fields.flag("f"))
        #expect(fields["z"] == nil)
        #expect(throws: AdminRefusal.self) { try fields.text("n") }
        #expect(throws: AdminRefusal.self) { try fields.texts("n") }
        #expect(throws: AdminRefusal.self) { try fields.flag("n") }
    }

    @Test(
        "what is not understood is refused, and the refusal names it",
        arguments: [
            ("/x?b=1", "{}", "`b` is not known here; there are `a`"), ("/x?a=1&a=2", "{}", "names `a` twice"),
            ("/x", "", "JSON object"), ("/x", "[]", "JSON object"), ("/x", #"{"a":1,"a":2}"#, "JSON object"),
            ("/x", #"{"b":1}"#, "`b` is not known here"),
        ])
    func refusals(target: String, body: String, named: String) throws {
        let request = try request(target, body: body)
        do throws(AdminRefusal) {
            _ = try request.query(["a"])
            _ = try request.object(["a"])
            Issue.record("it was understood")
        } catch {
            #expect(error.status == 400 && error.error == "malformed-request" && error.message.contains(named))
        }
    }

    @Test("where nothing is to be said, the refusal says so")
    func nothing() throws {
        let request = try request("/x?b=1")
        do throws(AdminRefusal) {
            _ = try request.query([])
            Issue.record("it was understood")
        } catch {
            #expect(error.message == "this request takes no settings; leave `b` out")
        }
    }
}
