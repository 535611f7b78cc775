import PolicyModel

extension PolicyMapping {
    /// A route but for its middleware and its message rules.
    static let routeMappings: [PolicyMapping: MappingDescription] = [
        .route: MappingDescription(
            subject: "a route", meaning: "Requests of some host and path: where they go, and what they must pass.",
            keys: [
                .required("name", .form(.name), "Its own name, in logs and metrics."),
                .required("match", .mapping(.match), "Which requests are meant."),
                .required("upstream", .text, "The name of an upstream."),
                .optional(
                    "public", .boolean, else: "false",
                    "`true` where there is neither an enforced `token` nor `authorize`: nobody opens a door by forgetting a line."
                ),
                .optional(
                    "middleware", .list(.mapping(.middlewareEntry)), else: "[]",
                    "What a handshake must pass, in this order. The first refusal ends it."),
                .optional("limits", .mapping(.routeLimits), "Bounds on messages."),
                .optional("timeouts", .mapping(.timeouts), "Deadlines of connections."),
                .optional(
                    "message_rate", .either([.mapping(.messageRate), .list(.mapping(.messageRate))]),
                    "How many messages may come."),
                .optional(
                    "byte_rate", .either([.mapping(.byteRate), .list(.mapping(.byteRate))]), "How many bytes may come."),
                .optional(
                    "compression",
                    .either([.choice(CompressionMode.self), .mapping(.compression)]), else: "strip",
                    "Of messages (permessage-deflate, RFC 7692): a mode, or a mapping with its settings."),
                .optional("messages", .list(.mapping(.messageRule)), else: "[]", "Message rules, tried in this order."),
                .optional(
                    "on_policy_change", .choice(PolicyChange.self), else: "recheck",
                    "What a reload that changes the route means for live connections: they are judged again, and those end that "
                        + "would now be refused (`recheck`), or they go on (`keep`)."),
            ],
            examples: [
                PolicyExample(
                    .file,
                    """
                    routes:
                      - name: chat
                        match: { hosts: [chat.example.com, "*.chat.example.com"], path_prefix: /chat }
                        upstream: echo
                        middleware:
                          - origin: { allow: ["https://chat.example.com"] }
                          - token: { issuers: [local], audience: chat }
                        limits: { message_bytes: 64KiB, fragments: 256, buffered_bytes: 64KiB }
                        timeouts: { idle: 10m, ping_interval: 30s, pong_timeout: 10s, lifetime: 24h, close: 5s }
                        on_policy_change: recheck
                      - { name: status, match: { path: /status }, upstream: echo, public: true }
                    """)
            ]),
        .match: MappingDescription(
            subject: "`match`", meaning: "Which requests belong to a route.",
            keys: [
                .optional(
                    "hosts", .list(.form(.host), minimum: 1), or: "any host",
                    "Names alone, without scheme and port. `*.` in front stands for one label or more."),
                .optional("path", .form(.path), "Exactly this path."),
                .optional(
                    "path_prefix", .form(.path), "This path and all below it: `/chat` and `/chat/room`, not `/chats`."),
            ], demands: [.exactlyOne(["path", "path_prefix"])]),
        .routeLimits: MappingDescription(
            subject: "a route's `limits`",
            meaning: "Bounds on the messages of a route; above them the sender is closed with 1009.",
            keys: [
                .optional(
                    "message_bytes", .size(1...1 << 30), else: "64KiB", "Payload of a message, fragments together."),
                .optional(
                    "fragments", .integer(1...1_000_000), else: "256", "Frames of a message, empty ones counted."),
                .optional(
                    "buffered_bytes", .size(16 << 10...64 << 20), else: "64KiB",
                    "Queued toward a slow reader, each way, and where rules read messages one message more; then its peer is not "
                        + "read."),
            ]),
        .timeouts: MappingDescription(
            subject: "`timeouts`", meaning: "Deadlines of a route's connections.",
            keys: [
                .optional("idle", .anyDuration, else: "10m", "Without a message either way; pings do not count."),
                .optional("ping_interval", .anyDuration, else: "30s", "How often clients are pinged."),
                .optional("pong_timeout", .anyDuration, else: "10s", "How long the gateway waits for the answer."),
                .optional(
                    "lifetime", .anyDuration, else: "24h", "Of a connection; clients must connect again behind it."),
                .optional("close", .anyDuration, else: "5s", "From the first close frame to the end of the socket."),
            ]),
        .compression: MappingDescription(
            subject: "`compression`", meaning: "How messages are compressed (permessage-deflate).",
            keys: [
                .required(
                    "mode", .choice(CompressionMode.self),
                    "`strip`: agreed with nobody; `passthrough`: end to end, unread, so not where rules read messages; `inspect`: "
                        + "the gateway inflates, reads and deflates. The other keys are for `inspect` alone."),
                .optional(
                    "context_takeover", .boolean, else: "false",
                    "Whether windows are kept from one message to the next: smaller messages, and memory for each connection."
                ),
                .optional("window_bits", .integer(9...15), or: "15; 12 with `context_takeover`", "The largest window."),
                .optional("level", .integer(1...9), else: "3", "zlib's: more is smaller and slower."),
                .optional("minimum_bytes", .size(1...1 << 30), else: "256B", "Shorter messages go on as they are."),
            ],
            examples: [
                PolicyExample(
                    .route,
                    "compression: { mode: inspect, context_takeover: false, window_bits: 15, level: 3, minimum_bytes: 256B }"
                ), PolicyExample(.route, "compression: passthrough"),
            ]),
        .messageRate: rate("`message_rate`", "messages", .form(.rate), .integer(1...1_000_000)),
        .byteRate: rate("`byte_rate`", "bytes", .form(.byteRate), .size(1...Quantity.maximumRateBytes)),
    ]

    private static func rate(
        _ subject: String, _ what: String, _ rate: ValueKind, _ burst: ValueKind
    ) -> MappingDescription {
        let example =
            what == "bytes"
            ? """
            byte_rate:
              - { rate: 1MiB/1s, burst: 4MiB, key: subject, on_exceed: delay }
              - { rate: 10MiB/1s, key: address, ipv6_prefix: 56, from: both, mode: shadow }
            """ : "message_rate: { rate: 100/1s, burst: 200, key: address, ipv6_prefix: 64, on_exceed: drop }"
        return MappingDescription(
            subject: subject, meaning: "How many \(what) may come in a time: a token bucket.",
            keys: trafficLimitKeys(rate, burst) + [
                .optional(
                    "from", .choice(MessageRule.Source.self), else: "client",
                    "Whose \(what) are counted; `both` have one bucket together."),
                .mode,
            ], examples: [PolicyExample(.route, example)])
    }

    /// What `message_rate`, `byte_rate` and the action `limit` have in common.
    static func trafficLimitKeys(_ rate: ValueKind, _ burst: ValueKind) -> [KeyDescription] {
        [
            .required("rate", rate, "How fast the bucket fills."),
            .optional("burst", burst, or: "the rate's count", "What may come at once."),
            .optional(
                "key", .choice(TrafficLimit.Key.self), else: "connection",
                "Who has a bucket, over all sockets and workers: a connection, a client address, or a subject (of the token, or "
                    + "whom `authorize` has named)."),
            .optional(
                "ipv6_prefix", .integer(1...128), else: "64",
                "With `key: address`: IPv6 clients that share this many leading bits share a bucket."),
            .optional(
                "on_exceed", .choice(TrafficLimit.Excess.self), else: "close",
                "`close`: the connection ends with 1008; `drop`: whole messages are; `delay`: the sender is not read meanwhile."
            ),
        ]
    }
}

extension KeyDescription {
    /// What all middleware and message rules have.
    static let mode = KeyDescription.optional(
        "mode", .choice(EnforcementMode.self), else: "enforce",
        "`shadow`: evaluated and written to the audit log, not enforced.")
}
