internal import Middleware
internal import WebSocketProtocol

/// An answer after which the connection closes.
struct FinalAnswer: Sendable {
    /// From 200 to 599.
    let status: Int
    /// Beside those of the body's length and `Connection`.
    let headers: HeaderFields
    let body: [UInt8]

    init(status: Int, headers: HeaderFields, body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// What a client is told that is not let in.
    init(_ refusal: Refusal, requestID: String, headers extra: HeaderFields = HeaderFields()) {
        var headers = HeaderFields([HeaderField(name: "Content-Type", value: "application/json")])
        for field in refusal.extraHeaders.fields + extra.fields { headers.add(field.name, field.value) }
        self.init(status: refusal.status, headers: headers, body: refusal.body(requestID: requestID))
    }

    /// As it goes over the wire; nil where a part could break out of its place.
    var serialized: [UInt8]? {
        ResponseWriter.serializedResponse(status: status, headers: headers, body: body)
    }
}
