/// What an authorisation service says in a rehearsal, or in a policy test.
package struct MadeUpAuthorization: Sendable {
    /// Of the service, as the policy has it; nil is any.
    package var url: String?
    /// nil where it gives no answer in time.
    package var status: Int?
    package var headers: [(name: String, value: String)]

    package init(url: String? = nil, status: Int?, headers: [(name: String, value: String)] = []) {
        self.url = url
        self.status = status
        self.headers = headers
    }
}
