internal import Glibc
internal import HTTPClient
internal import Locking
package import Tokens
internal import WebSocketProtocol

/// Asks a gateway that runs, for the command line: one question at a time, each with a deadline.
package final class AdminClient {
    /// Where to ask.
    package enum Door: Sendable {
        /// At the socket in a state folder.
        case socket(stateDirectory: String)
        /// At a policy's `admin`: `http://` and a loopback address, and the file with the token.
        case address(url: String, tokenFile: String)
    }

    /// Why there is no answer. The texts say what to do.
    package enum Failure: Error, CustomStringConvertible {
        /// No gateway runs there.
        case nobody(String)
        case other(String)

        package var description: String {
            switch self {
            case .nobody(let text), .other(let text): text
            }
        }
    }

    /// What the gateway has answered.
    package struct Answer: Sendable {
        package let status: Int
        /// A JSON object; empty where it was something else.
        package let members: [String: ClaimValue]

        /// What went wrong, in words; nil where nothing did.
        package var complaint: String? {
            guard !(200...299).contains(status) else { return nil }
            guard case .string(let text)? = members["message"] else {
                return "the gateway answered with HTTP \(status)"
            }
            return text
        }
    }

    /// Of an answer: ten thousand connections, or all files of a policy.
    private static let maximumBytes = 64 * 1024 * 1024

    private let client: HTTPClient
    private let base: String
    private let headers: HeaderFields
    private let socketPath: String?

    /// Throws where there is nothing that could be asked.
    package init(_ door: Door) throws(Failure) {
        do throws(HTTPFailure) {
            client = try HTTPClient(maximumAlive: 1, maximumWaiting: 1)
        } catch {
            throw .other("\(error)")
        }
        var headers = HeaderFields()
        switch door {
        case .socket(let folder):
            socketPath = AdminSocket.path(in: folder)
            base = "http://localhost"
        case .address(let url, let tokenFile):
            socketPath = nil
            base = try Self.base(url)
            do throws(AdminTokenFile.Problem) {
                headers.add(
                    "Authorization", "Bearer \(String(decoding: try AdminTokenFile.token(tokenFile), as: UTF8.self))")
            } catch {
                throw .other(error.description)
            }
        }
        self.headers = headers
        let client = client
        do throws(SystemError) {
            _ = try WorkerThread("http") { client.run() }
        } catch {
            throw .other("\(error)")
        }
    }

    deinit {
        client.stop()
    }

    /// The token must not leave this machine, since nothing hides it on its way.
    private static func base(_ url: String) throws(Failure) -> String {
        let rest = url.hasPrefix("http://") ? url.dropFirst(7) : ""
        let authority = rest.hasSuffix("/") ? rest.dropLast() : rest
        guard let host = RequestHost(authority), host.isLoopback else {
            throw .other(
                "the address must be http:// and a loopback address with its port, such as http://127.0.0.1:9901, not '\(url)'; to reach another machine use a tunnel"
            )
        }
        return "http://\(host)"
    }

    /// Asks, and waits for the answer. With a body it is a POST; `path` begins with a slash.
    package func ask(
        _ path: String, query: [(name: String, value: String)] = [], body: [String: ClaimValue]? = nil,
        timeout: Duration = .seconds(10)
    ) throws(Failure) -> Answer {
        // Lives until the answer is here: the path may lead through a folder that is held open.
        let place = try socketPath.map { path throws(Failure) in try Self.place(path) }
        var request = HTTPRequest(
            body == nil ? .get : .post, base + path + Self.encoded(query), headers: headers, timeout: timeout,
            maximumBodyBytes: Self.maximumBytes, unixSocket: place?.path)
        if let body {
            request.headers.add("Content-Type", "application/json")
            request.body = JSON.encode(.object(body))
        }
        let result = try send(request)
        _ = place
        switch result {
        case .success(let response):
            guard case .object(let members)? = JSON.decode(response.body) else {
                return Answer(status: response.status, members: [:])
            }
            return Answer(status: response.status, members: members)
        case .failure(.unreachable(let reason)):
            throw .nobody("no gateway answers at \(socketPath ?? base): \(reason)")
        case .failure(let failure):
            throw .other("no answer from \(socketPath ?? base): \(failure)")
        }
    }

    private func send(_ request: HTTPRequest) throws(Failure) -> Result<HTTPResponse, HTTPFailure> {
        let result = Lock(Result<HTTPResponse, HTTPFailure>.failure(.stopped))
        let answered: WakeUp
        do throws(SystemError) {
            answered = try WakeUp(blocking: true)
        } catch {
            throw .other("\(error)")
        }
        client.send(request) { answer in
            result.withLock { $0 = answer }
            answered.wake()
        }
        // The client keeps the deadline.
        answered.take()
        return result.withLock { $0 }
    }

    /// Holds a path that is short enough.
    private final class Place {
        private let short: ShortPath
        let path: String

        init(_ short: consuming ShortPath) {
            path = short.path
            self.short = short
        }
    }

    /// Where the socket is, once somebody has answered there: the system says better than curl why nobody does.
    private static func place(_ path: String) throws(Failure) -> Place {
        let code: Int32
        do throws(SystemError) {
            _ = try UnixSocket.connect(to: path)
            guard let short = try ShortPath(path) else { throw SystemError("use \(path)", code: ENAMETOOLONG) }
            return Place(short)
        } catch {
            code = error.code
        }
        switch code {
        case ENOENT, ENOTDIR, ECONNREFUSED:
            throw .nobody(
                "no gateway runs with this state folder (nobody is at \(path)); start one with `portcullis run --state`, or say by --state which folder it was started with"
            )
        case EACCES, EPERM:
            throw .other("\(path) belongs to another user: run this as the user of the gateway, or as root")
        default:
            throw .other("\(SystemError("connect to \(path)", code: code))")
        }
    }

    /// As a query.
    private static func encoded(_ query: [(name: String, value: String)]) -> String {
        guard !query.isEmpty else { return "" }
        return "?" + query.map { "\($0.name)=\($0.value.percentEncoded)" }.joined(separator: "&")
    }
}
