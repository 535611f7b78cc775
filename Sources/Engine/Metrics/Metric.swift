/// All metrics that there are. What each of them tells is in `Metric+Description`.
enum Metric: CaseIterable, Sendable {
    // Connections
    case connectionsOpen, webSocketsOpen, connectionsAccepted, connectionsOpened, connectionsClosed, refusals
    case shadowRefusals, tickets, handshakeSeconds, acceptPauses
    // TLS
    case tlsHandshakes, tlsHandshakeSeconds, tlsFailures, certificateExpiry
    // Upstreams
    case upstreamConnectSeconds, upstreamHandshakeSeconds, upstreamFailures, upstreamConnectFailures
    // Messages
    case messages, messageBytes, ruleHits, rateHits, queuedBytes
    // Tokens
    case tokenVerifications, tokenUses, tokenStoreAvailable, tokenStoreFailures, authorizationCalls, keyFetches
    // Policies
    case policyInfo, policySince, policyReloads, policyLastReload, policyLastReloadSuccess
    // The gateway itself
    case eventLoopLagSeconds, workers, workersAnswered, workerCPUSeconds, auditRecords, auditRecordsLost, draining
    case memoryCeiling, buildInfo
    // The process, by the names that every Prometheus client gives them
    case residentMemory, openDescriptors, maximumDescriptors, startTime, cpuSeconds

    enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    /// In what a number is kept, and what it is divided by to be written.
    enum Unit: Sendable {
        case one
        /// Written as seconds.
        case nanoseconds
    }

    /// What the format says of a metric.
    struct Description: Sendable {
        let name: String
        let kind: Kind
        let labels: [String]
        let help: String
        var unit = Unit.one
    }

    var labels: [String] { description.labels }
}
