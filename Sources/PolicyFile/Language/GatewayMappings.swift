import PolicyModel

extension PolicyMapping {
    /// The sections of a file, but for the largest ones.
    static let gatewayMappings: [PolicyMapping: MappingDescription] = [
        .policy: MappingDescription(
            subject: "a policy",
            meaning:
                "A file of policies. All files of a folder together are one policy, and each section may stand in several "
                + "of them; `limits` and `admin` stand in one.",
            keys: [
                .optional(
                    "listeners", .named(.mapping(.listener), names: .name),
                    "Places where clients arrive, by names that logs and metrics use. There must be one at least."),
                .optional(
                    "upstreams", .named(.mapping(.upstream), names: .name),
                    "WebSocket servers behind the gateway, by name."),
                .optional("token_issuers", .named(.mapping(.tokenIssuer), names: .name), "Who makes tokens, by name."),
                .optional(
                    "routes", .list(.mapping(.route)),
                    "Which requests go where, and what they must pass. The first route that matches wins; a request that none "
                        + "matches is refused with 404. There must be one at least."),
                .optional("limits", .mapping(.gatewayLimits), "Bounds of the whole process."),
                .optional(
                    "admin", .mapping(.admin), or: "the socket in the state folder alone", "An address for operators."),
            ]),
        .gatewayLimits: MappingDescription(
            subject: "the gateway's `limits`", meaning: "Bounds of the whole process.",
            keys: [
                .optional(
                    "connections", .integer(1...10_000_000), or: "what the listeners allow",
                    "Connections alive at once, all listeners together; one more is closed before TLS."),
                .optional(
                    "memory", .size(64 << 20...1 << 50), or: "three quarters of the machine, or of the control group",
                    "Resident memory. From there on new connections are closed before TLS, and those end with 1013 through which "
                        + "nothing has passed for 10 s, the longest idle first."),
            ], examples: [PolicyExample(.file, "limits: { connections: 20000, memory: 2GiB }")]),
        .admin: MappingDescription(
            subject: "`admin`",
            meaning: "Where a gateway answers its operators over HTTP, beside the socket in its state folder.",
            keys: [
                .required(
                    "address", .form(.socketAddress),
                    "A loopback address and port: whoever reaches it may close connections."),
                .required("token_file", .form(.file), "A file with the token that must be shown there."),
            ],
            examples: [PolicyExample(.file, "admin: { address: 127.0.0.1:9901, token_file: admin.token }")]),
        .listener: MappingDescription(
            subject: "a listener", meaning: "A place where clients arrive, always by TLS.",
            keys: [
                .required(
                    "address", .form(.socketAddress),
                    "IP address and port to bind. Port 0 takes any free one. `0.0.0.0` is every address of IPv4, `[::]` "
                        + "every one of IPv6 and none of IPv4: both take two listeners."),
                .required("tls", .mapping(.tls), "What is served over TLS."),
                .optional(
                    "trusted_proxies", .list(.form(.block)), else: "[]",
                    "Peers whose `X-Forwarded-For` is believed, walked from right to left."),
                .optional(
                    "proxy_protocol", .list(.form(.block)), else: "[]",
                    "Load balancers that begin each connection with a header of the PROXY protocol, version 1 or 2, and must. The "
                        + "address that it names is the client's in all that follows, `admission` included. From all others no such "
                        + "header is taken."),
                .optional(
                    "admission", .list(.mapping(.admissionEntry)), else: "[]",
                    "Middleware that runs before any TLS work, on the peer's address alone (or on what a PROXY header names)."
                ),
                .optional("limits", .mapping(.listenerLimits), "Bounds of this listener."),
            ],
            examples: [
                PolicyExample(
                    .file,
                    """
                    listeners:
                      public:
                        address: 0.0.0.0:8443
                        tls:
                          certificates:
                            - { certificate: certs/server.pem, private_key: certs/server.key }
                          minimum_version: "1.3"
                          client_certificates: { authority: certs/clients.pem, mode: request }
                        trusted_proxies: [10.0.0.0/8]
                        proxy_protocol: [192.0.2.10, 192.0.2.11]
                        admission:
                          - connection_rate: { rate: 50/1s, burst: 200 }
                        limits: { connections: 10000, header_bytes: 16KiB, handshake_timeout: 10s, drain_window: 30s }
                    """)
            ]),
        .tls: MappingDescription(
            subject: "`tls`", meaning: "What a listener serves over TLS.",
            keys: [
                .required(
                    "certificates", .list(.mapping(.certificate), minimum: 1),
                    "Chosen by the name that a client asks for (SNI); the first one is for all others."),
                .optional(
                    "minimum_version", .choice(TLSPolicy.Version.self), else: "\"1.2\"", "The oldest version of TLS."),
                .optional(
                    "client_certificates", .mapping(.clientCertificates), or: "clients are not asked",
                    "What clients are asked for: mutual TLS."),
            ]),
        .certificate: MappingDescription(
            subject: "a certificate", meaning: "A certificate and its key, as files in PEM.",
            keys: [
                .required("certificate", .form(.file), "The chain, leaf first."),
                .required("private_key", .form(.file), "The leaf's private key."),
            ]),
        .clientCertificates: MappingDescription(
            subject: "`client_certificates`",
            meaning:
                "What clients are asked for. Routes belong to all listeners: one that is meant for clients with certificates "
                + "is reached through every other listener, too, without any. Where that must not be, run a gateway of its "
                + "own for it, or hand `${client.certificate}` by `headers` to a server behind that checks it.",
            keys: [
                .required(
                    "authority", .form(.file),
                    "Those who may sign client certificates, in PEM: whatever stands in the file is trusted."),
                .optional(
                    "mode", .choice(TLSPolicy.ClientCertificates.Mode.self), else: "require",
                    "`require`: no connection without a valid one; `request`: none is fine, one that is shown must be valid."
                ),
            ]),
        .admissionEntry: MappingDescription(
            subject: "an `admission` entry", meaning: "A middleware that needs no more than the peer's address.",
            keys: [
                .optional("ip_filter", .mapping(.ipFilter), "Address blocks that may or may not connect."),
                .optional("connection_rate", .mapping(.connectionRate), "How often one address may connect."),
                .optional("connection_limit", .mapping(.connectionLimit), "How many connections one address may have."),
            ], isChoice: true),
        .listenerLimits: MappingDescription(
            subject: "a listener's `limits`", meaning: "Bounds of one listener.",
            keys: [
                .optional(
                    "connections", .integer(1...1_000_000), else: "10000",
                    "Alive at once; one more is closed before TLS."),
                .optional(
                    "header_bytes", .size(1024...1 << 20), else: "16KiB",
                    "Of a request head, which has 100 fields at most."),
                .optional(
                    "handshake_timeout", .anyDuration, else: "10s",
                    "TLS and request head together, however slowly they come."),
                .optional(
                    "drain_window", .anyDuration, else: "30s",
                    "Over how long a drain spreads its closes, but for its last tenth (1 s at most), which the last answers have."
                ),
            ]),
        .upstream: MappingDescription(
            subject: "an upstream", meaning: "A WebSocket server behind the gateway.",
            keys: [
                .required(
                    "endpoints", .list(.form(.endpoint), minimum: 1),
                    "Connections begin with each of them in turn. The next one is tried after one that refuses the "
                        + "connection, or does not answer within its share of `connect_timeout`, and not after a bad "
                        + "answer to the upgrade. One that could not be reached is tried last for 10 s. Names are looked "
                        + "up again every 30 s. Without a port it is 80; a path stands before that of each request."),
                .optional(
                    "connect_timeout", .anyDuration, else: "5s",
                    "For all attempts of one connection together: each address has an even share of what is left."),
                .optional("handshake_timeout", .anyDuration, else: "10s", "For the upgrade."),
            ],
            examples: [
                PolicyExample(
                    .file,
                    """
                    upstreams:
                      echo:
                        endpoints: ["ws://127.0.0.1:9001", "ws://127.0.0.1:9002/base"]
                        connect_timeout: 5s
                        handshake_timeout: 10s
                    """)
            ]),
    ]
}
