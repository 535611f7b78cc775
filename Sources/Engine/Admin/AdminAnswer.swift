internal import Tokens
internal import WebSocketProtocol

/// What an operator is answered.
struct AdminAnswer: Sendable {
    var status: Int
    var contentType = "application/json"
    /// Beside `Content-Type`, `Content-Length` and what keeps browsers and caches from it.
    var fields: [HeaderField] = []
    var body: [UInt8]

    init(status: Int = 200, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// A line of JSON.
    init(status: Int = 200, _ members: [String: ClaimValue]) {
        self.status = status
        body = JSON.encode(.object(members)) + [UInt8(ascii: "\n")]
    }

    /// As it goes over the wire; without the body where only its head was asked for.
    func serialized(headOnly: Bool) -> [UInt8] {
        var headers = HeaderFields(fields)
        headers.add("Content-Type", contentType)
        headers.add("Cache-Control", "no-store")
        headers.add("X-Content-Type-Options", "nosniff")
        let bytes = ResponseWriter.serializedResponse(status: status, headers: headers, body: body) ?? []
        return headOnly ? Array(bytes.dropLast(body.count)) : bytes
    }
}

/// Why an operator's request is not answered as asked: what is wrong, and what to do.
struct AdminRefusal: Error {
    let status: Int
    /// Stable, of lower-case words with hyphens.
    let error: String
    /// For people.
    let message: String
    var fields: [HeaderField] = []
    /// Further lines, such as what is wrong with policies.
    var diagnostics: [String] = []

    var answer: AdminAnswer {
        var members: [String: ClaimValue] = ["error": .string(error), "message": .string(message)]
        if !diagnostics.isEmpty { members["diagnostics"] = .array(diagnostics.map { .string($0) }) }
        var answer = AdminAnswer(status: status, members)
        answer.fields = fields
        return answer
    }

    /// What was sent cannot be understood.
    static func malformed(_ message: String) -> AdminRefusal {
        AdminRefusal(status: 400, error: "malformed-request", message: message)
    }
}
