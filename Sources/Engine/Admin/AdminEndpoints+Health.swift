internal import Tokens

/// What monitors ask.
extension AdminEndpoints {
    /// 200 as long as every worker answers; in a drain they end one after the other, and are not asked.
    func health(_ request: AdminRequest) throws(AdminRefusal) -> AdminAnswer {
        guard !control.isDraining else { return AdminAnswer(["status": .string("draining")]) }
        let silent = try ask { _ in true }.enumerated().filter { $0.element == nil }.map { "\($0.offset)" }
        guard silent.isEmpty else {
            throw AdminRefusal(
                status: 503, error: "workers-busy",
                message: "no answer within 2 s from worker \(silent.joined(separator: ", "))")
        }
        return AdminAnswer(["status": .string("ok")])
    }

    /// 200 as long as new connections are welcome.
    func readiness(_ request: AdminRequest) throws(AdminRefusal) -> AdminAnswer {
        guard !control.isDraining else {
            throw AdminRefusal(
                status: 503, error: "draining", message: "the gateway drains and takes no new connections")
        }
        guard control.isStoreReadable else {
            throw AdminRefusal(
                status: 503, error: "token-store-unavailable",
                message: "the token store cannot be read, so that no token is admitted; the log says why")
        }
        return AdminAnswer(["status": .string("ready")])
    }

    /// In Prometheus's text format.
    func metrics(_ request: AdminRequest) throws(AdminRefusal) -> AdminAnswer {
        AdminAnswer(contentType: "text/plain; version=0.0.4; charset=utf-8", body: control.metricsText())
    }
}
