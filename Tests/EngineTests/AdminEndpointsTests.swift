import Logging
import PolicyModel
import Testing
import Tokens
import WebSocketProtocol

@testable import Engine

@Suite(.timeLimit(.minutes(1))) struct AdminEndpointsTests {
    private let tokens = TokenAuthority()
    private let inbox: Inbox
    private let mailbox: Mailbox<AcceptorMessage>
    private let control: GatewayControl
    private let endpoints: AdminEndpoints

    init() throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        inbox = try Inbox()
        mailbox = try Mailbox<AcceptorMessage>()
        let runtime = try GatewayRuntime(
            VersionedPolicy(
                policy: .init(), version: "v1", files: [PolicyText(name: "a.yaml", text: "routes: []")]),
            GatewayServices(tokens: tokens))
        let reloader = try Reloader(
            load: { .failure(PolicyProblems(lines: ["nothing there"])) }, prepare: { _, before in before },
            mailbox: mailbox, resolver: try UpstreamResolver([], logger: logger), logger: logger)
        control = GatewayControl(
            runtime, inboxes: [inbox], mailbox: mailbox, reloader: reloader, tokens: tokens)
        endpoints = AdminEndpoints(control: control, stateDirectory: "state", socketPath: { nil }, logger: logger)
    }

    /// The status, and the members of the body where it is JSON.
    private func ask(_ method: String, _ target: String, _ body: String = "{}") throws -> (Int, [String: ClaimValue]) {
        let head = RequestHead(
            method: method, target: try RequestTarget(originForm: target), host: try #require(RequestHost("localhost")),
            headers: HeaderFields())
        let request = AdminRequest(head: head, body: Array(body.utf8), peer: .process(.init(process: 1, user: 0)))
        let answer: AdminAnswer
        do throws(AdminRefusal) {
            answer = try endpoints.answer(request)
        } catch {
            answer = error.answer
        }
        guard case .object(let members)? = JSON.decode(answer.body) else { return (answer.status, [:]) }
        return (answer.status, members)
    }

    @Test("what is not there names what is, and another method names the right one")
    func routing() throws {
        let (status, members) = try ask("GET", "/nothing")
        #expect(status == 404 && members["error"] == .string("not-found"))
        #expect(members["message"]?.scalarText?.contains("POST /connections/close") == true)
        #expect(try ask("PUT", "/tokens").0 == 405)
        #expect(try ask("PUT", "/tokens").1["message"] == .string("/tokens takes GET, HEAD, POST"))
        #expect(try ask("HEAD", "/policy").0 == 200)
        #expect(try ask("HEAD", "/drain").0 == 405)
    }

    @Test("the policy in force, with its files")
    func policy() throws {
        let (status, members) = try ask("GET", "/policy")
        #expect(status == 200 && members["version"] == .string("v1"))
        #expect(members["files"] == .array([.object(["name": .string("a.yaml"), "text": .string("routes: []")])]))
        #expect(try ask("GET", "/policy?version=v0").0 == 400)
    }

    @Test("ready until the store cannot be read, or a drain was asked for, which is told at once")
    func readiness() throws {
        #expect(try ask("GET", "/readyz").0 == 200)
        tokens.markUnavailable(true)
        #expect(try ask("GET", "/readyz").1["error"] == .string("token-store-unavailable"))
        tokens.markUnavailable(false)
        #expect(try ask("POST", "/drain").0 == 202)
        #expect(mailbox.takeAll().count == 1)
        #expect(try ask("GET", "/readyz").1["error"] == .string("draining"))
        #expect(try ask("GET", "/healthz").1["status"] == .string("draining"))
    }

    @Test("no policy is read any more once a drain was asked for")
    func reloadInDrain() throws {
        control.drain()
        let (status, members) = try ask("POST", "/reload")
        #expect(status == 409 && members["error"] == .string("draining") && members["diagnostics"] == nil)
    }

    @Test(
        "what is said by an empty text is nothing, and never all",
        arguments: [
            (#"{"id":"","subject":"","all":""}"#, "`id`"), (#"{"subject":""}"#, "`subject`"),
            (#"{"token":""}"#, "`token`"), (#"{"all":""}"#, "`all`"), (#"{"all":"true"}"#, "`all`"),
            (#"{"all":1}"#, "`all`"), (#"{"all":false}"#, "`all`"), (#"{"all":true,"id":"a"}"#, "`all`"),
            (#"{"all":true,"id":""}"#, "`id`"),
        ])
    func emptyTexts(body: String, named: String) throws {
        for target in ["/tokens/revoke", "/connections/close"] {
            let (status, members) = try ask("POST", target, body)
            #expect(status == 400 && members["message"]?.scalarText?.contains(named) == true)
        }
        for name in ["route", "listener", "address"] {
            #expect(try ask("POST", "/connections/close", "{\"\(name)\":\"\",\"all\":true}").0 == 400)
        }
    }

    @Test("a worker that does not answer makes an answer partial, and the gateway not healthy")
    func silence() throws {
        #expect(try ask("GET", "/healthz").1["error"] == .string("workers-busy"))
        control.drain()
        let (status, members) = try ask("GET", "/status")
        #expect(status == 200 && members["partial"] == .boolean(true))
        #expect(
            members["workers"]
                == .array([.object(["index": .integer(0), "load": .integer(0), "connections": .null])]))
    }
}
