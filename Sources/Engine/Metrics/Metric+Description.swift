extension Metric {
    var description: Description {
        switch self {
        case .connectionsOpen, .webSocketsOpen, .connectionsAccepted, .connectionsOpened, .connectionsClosed, .refusals,
            .shadowRefusals, .tickets, .handshakeSeconds, .acceptPauses:
            ofConnections
        case .tlsHandshakes, .tlsHandshakeSeconds, .tlsFailures, .certificateExpiry, .upstreamConnectSeconds,
            .upstreamHandshakeSeconds, .upstreamFailures, .upstreamConnectFailures:
            ofPeers
        case .messages, .messageBytes, .ruleHits, .rateHits, .queuedBytes: ofMessages
        case .tokenVerifications, .tokenUses, .tokenStoreAvailable, .tokenStoreFailures, .authorizationCalls,
            .keyFetches, .policyInfo, .policySince, .policyReloads, .policyLastReload, .policyLastReloadSuccess:
            ofDecisions
        default: ofProcess
        }
    }

    private static func counter(
        _ name: String, _ labels: [String], _ help: String, unit: Unit = .one
    ) -> Description {
        Description(name: "portcullis_\(name)_total", kind: .counter, labels: labels, help: help, unit: unit)
    }

    private static func gauge(
        _ name: String, _ labels: [String], _ help: String, unit: Unit = .one
    ) -> Description {
        Description(name: "portcullis_\(name)", kind: .gauge, labels: labels, help: help, unit: unit)
    }

    private static func histogram(_ name: String, _ labels: [String], _ help: String) -> Description {
        Description(
            name: "portcullis_\(name)_seconds", kind: .histogram, labels: labels, help: help, unit: .nanoseconds)
    }

    private var ofConnections: Description {
        switch self {
        case .connectionsOpen:
            Self.gauge("connections_open", ["listener"], "Client connections held, from accept to close.")
        case .webSocketsOpen: Self.gauge("websockets_open", ["route"], "WebSockets that are open.")
        case .connectionsAccepted:
            Self.counter("connections_accepted", ["listener"], "Client connections taken from the socket.")
        case .connectionsOpened: Self.counter("connections_opened", ["route"], "WebSockets opened.")
        case .connectionsClosed:
            Self.counter(
                "connections_closed", ["route", "code", "reason", "closed_by"], "WebSockets closed, by close code.")
        case .refusals: Self.counter("refusals", ["route", "reason"], "Connections and handshakes refused.")
        case .shadowRefusals:
            Self.counter(
                "shadow_refusals", ["route", "middleware", "reason"],
                "Refusals that middleware in shadow mode would have made.")
        case .tickets: Self.counter("tickets", ["route"], "One-time tickets given.")
        case .acceptPauses:
            Self.counter("accept_pauses", [], "Times that accepting rested since descriptors had run out.")
        default:
            Self.histogram("handshake", ["outcome"], "Time from accept to the 101, or to the refusal.")
        }
    }

    private var ofPeers: Description {
        switch self {
        case .tlsHandshakes:
            Self.counter("tls_handshakes", ["version", "resumed"], "TLS handshakes of clients completed.")
        case .tlsHandshakeSeconds:
            Self.histogram("tls_handshake", [], "Time from accept to the end of the TLS handshake.")
        case .tlsFailures: Self.counter("tls_failures", ["reason"], "TLS handshakes of clients that failed.")
        case .certificateExpiry:
            Self.gauge(
                "tls_certificate_expiry_timestamp_seconds", ["listener", "name"],
                "Unix time at which a certificate ends.")
        case .upstreamConnectSeconds:
            Self.histogram("upstream_connect", ["upstream"], "Time that an upstream has taken to accept a connection.")
        case .upstreamHandshakeSeconds:
            Self.histogram(
                "upstream_handshake", ["upstream"], "Time from the upgrade request to an upstream's 101.")
        case .upstreamFailures:
            Self.counter(
                "upstream_failures", ["upstream", "reason"], "Handshakes and open WebSockets that an upstream failed.")
        default:
            Self.counter(
                "upstream_connect_failures", ["upstream"], "Addresses of an upstream that took no connection.")
        }
    }

    private var ofMessages: Description {
        switch self {
        case .messages:
            Self.counter("messages", ["direction", "opcode"], "Messages and control frames received.")
        case .messageBytes:
            Self.counter("message_bytes", ["direction", "opcode"], "Payload bytes received, as they came.")
        case .ruleHits:
            Self.counter(
                "rule_hits", ["route", "rule", "mode"], "Messages that a rule acted on, or would have in shadow mode.")
        case .rateHits:
            Self.counter(
                "rate_hits", ["route", "rate", "mode"], "Times that a rate acted, or would have in shadow mode.")
        default: Self.gauge("queued_bytes", ["direction"], "Bytes that wait for a peer to take them.")
        }
    }

    private var ofDecisions: Description {
        switch self {
        case .tokenVerifications:
            Self.counter("token_verifications", ["issuer", "result"], "Tokens checked.")
        case .tokenUses: Self.counter("token_uses", ["result"], "Uses of tokens whose uses are counted.")
        case .tokenStoreAvailable:
            Self.gauge("token_store_available", [], "1 while the token store can be read; no token holds otherwise.")
        case .tokenStoreFailures:
            Self.counter("token_store_failures", ["operation"], "Failures of the token store.")
        case .authorizationCalls:
            Self.counter("authorization_calls", ["result"], "Questions to authorisation services.")
        case .keyFetches: Self.counter("key_fetches", ["issuer", "result"], "Looks for the keys of a token issuer.")
        case .policyInfo: Self.gauge("policy_info", ["version"], "1 for the policy in force.")
        case .policySince:
            Self.gauge(
                "policy_in_force_since_timestamp_seconds", [], "Unix time since which the policy is in force.",
                unit: .nanoseconds)
        case .policyReloads: Self.counter("policy_reloads", ["result"], "Reloads of the policy.")
        case .policyLastReload:
            Self.gauge(
                "policy_last_reload_timestamp_seconds", [], "Unix time of the last reload, or else of the start.",
                unit: .nanoseconds)
        default:
            Self.gauge(
                "policy_last_reload_success", [], "1 where the last reload put its policy in force, or none came.")
        }
    }

    private var ofProcess: Description {
        switch self {
        case .eventLoopLagSeconds:
            Self.histogram("event_loop_lag", [], "Time that a wake-up of an event loop took: others waited as long.")
        case .workers: Self.gauge("workers", [], "Event loops.")
        case .workersAnswered: Self.gauge("workers_answered", [], "Event loops that answered this scrape in time.")
        case .workerCPUSeconds:
            Self.counter("worker_cpu_seconds", ["worker"], "Processor time of an event loop.", unit: .nanoseconds)
        case .auditRecords: Self.counter("audit_records", ["event"], "Audit records made.")
        case .auditRecordsLost: Self.counter("audit_records_lost", [], "Audit records that could not be written.")
        case .draining: Self.gauge("draining", [], "1 while the gateway drains.")
        case .memoryCeiling:
            Self.gauge("memory_ceiling_bytes", [], "Resident memory at which new connections are refused.")
        case .buildInfo: Self.gauge("build_info", ["version"], "1 for the version of the gateway.")
        case .residentMemory: Self.process("resident_memory_bytes", .gauge, "Resident memory size in bytes.")
        case .openDescriptors: Self.process("open_fds", .gauge, "Number of open file descriptors.")
        case .maximumDescriptors: Self.process("max_fds", .gauge, "Maximum number of open file descriptors.")
        case .startTime:
            Self.process(
                "start_time_seconds", .gauge, "Start time of the process since unix epoch in seconds.",
                unit: .nanoseconds)
        default:
            Self.process(
                "cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.", unit: .nanoseconds)
        }
    }

    private static func process(_ name: String, _ kind: Kind, _ help: String, unit: Unit = .one) -> Description {
        Description(name: "process_\(name)", kind: kind, labels: [], help: help, unit: unit)
    }
}
