import PolicyModel

extension PolicyMapping {
    /// Middleware but for `token`.
    static let middlewareMappings: [PolicyMapping: MappingDescription] = [
        .middlewareEntry: MappingDescription(
            subject: "a `middleware` entry",
            meaning:
                "A check that a handshake must pass, or what is made known of it. A name of your own is a middleware that your "
                + "program brings along.",
            keys: [
                .optional("ip_filter", .mapping(.ipFilter), "Address blocks that may or may not connect."),
                .optional("connection_rate", .mapping(.connectionRate), "How often one address may connect."),
                .optional("connection_limit", .mapping(.connectionLimit), "How many connections one address may have."),
                .optional("origin", .mapping(.origin), "Which web pages may connect."),
                .optional("token", .mapping(.token), "A token that an issuer has signed."),
                .optional("authorize", .mapping(.authorize), "A service elsewhere decides."),
                .optional("headers", .mapping(.headers), "Header fields toward the upstream and toward the client."),
                .optional(
                    "identity_assertion", .mapping(.identityAssertion), "Tells the server behind who the client is."),
            ], isChoice: true),
        .ipFilter: MappingDescription(
            subject: "`ip_filter`",
            meaning:
                "Client addresses that may connect, and that may not. `deny` wins; where there is an `allow`, nobody else enters.",
            keys: [
                .optional("allow", .list(.form(.block), minimum: 1), or: "everybody", "Blocks that may connect."),
                .optional("deny", .list(.form(.block)), else: "[]", "Blocks that may not."),
                .mode,
            ], demands: [.atLeastOne(["allow", "deny"])],
            examples: [
                PolicyExample(
                    .middleware, "- ip_filter: { allow: [10.0.0.0/8, \"2001:db8::/32\"], deny: [10.66.0.0/16] }")
            ]),
        .connectionRate: MappingDescription(
            subject: "`connection_rate`", meaning: "How often one client address may connect: a token bucket for each.",
            keys: [
                .required("rate", .form(.rate), "How fast the bucket fills."),
                .optional(
                    "burst", .integer(1...1_000_000), or: "the rate's count", "Connections that may come at once."),
                .ipv6Prefix,
                .mode,
            ],
            examples: [
                PolicyExample(
                    .middleware, "- connection_rate: { rate: 10/1m, burst: 20, ipv6_prefix: 64, mode: shadow }")
            ]),
        .connectionLimit: MappingDescription(
            subject: "`connection_limit`", meaning: "How many live connections one client address may have.",
            keys: [
                .required("maximum", .integer(1...1_000_000), "Connections alive at once."),
                .ipv6Prefix,
                .mode,
            ], examples: [PolicyExample(.middleware, "- connection_limit: { maximum: 20, ipv6_prefix: 56 }")]),
        .origin: MappingDescription(
            subject: "`origin`", meaning: "Which web pages may connect, by the Origin that browsers send (RFC 6454).",
            keys: [
                .required(
                    "allow", .list(.form(.origin)),
                    "Origins by scheme, host and port. `*.` in front of the host stands for one label or more; `*.example.com` is "
                        + "not `example.com`."),
                .optional(
                    "missing", .choice(MissingOrigin.self), else: "deny",
                    "What happens to requests without an Origin, as programs send them."),
                .mode,
            ],
            examples: [
                PolicyExample(
                    .middleware,
                    "- origin: { allow: [\"https://app.example.com\", \"https://*.example.org\"], missing: deny }")
            ]),
        .authorize: MappingDescription(
            subject: "`authorize`",
            meaning:
                "A service elsewhere decides, asked as nginx's `auth_request` and Traefik's `forwardAuth` do: 2xx goes on, 401 "
                + "and 403 are refusals, anything else is `authorization-unavailable`.",
            keys: [
                .required("url", .form(.serviceURL), "Asked by GET, without user name and password."),
                .optional(
                    "timeout", .duration(.milliseconds(100) ... .seconds(60)), else: "5s", "For the service's answer."),
                .optional(
                    "copy_request_headers", .list(.form(.headerName)), else: "[Authorization, Cookie]",
                    "What the service is shown of the client's."),
                .optional(
                    "copy_response_headers", .list(.form(.headerName)), else: "[]",
                    "What goes upstream of the service's answer; what the client sends under these names never does."),
                .optional(
                    "subject_header", .form(.headerName), or: "nobody is named",
                    "The header of the answer that names the connection's subject."),
                .optional("cache", .mapping(.cache), or: "each handshake asks", "How long an admission is remembered."),
                .optional(
                    "ca", .form(.file), or: "the system's authorities",
                    "Those who may sign an `https://` service's certificate, in PEM."),
                .mode,
            ],
            examples: [
                PolicyExample(
                    .middleware,
                    """
                    - authorize:
                        url: https://auth.example.com/check
                        timeout: 2s
                        copy_request_headers: [Cookie]
                        copy_response_headers: [X-Auth-Request-Groups]
                        cache: { ttl: 10s, key: [Cookie] }
                        ca: certs/auth.pem
                    """)
            ]),
        .cache: MappingDescription(
            subject: "`cache`",
            meaning:
                "Whom the service has admitted, for the same host, path, query, client address and headers. Refusals are not "
                + "remembered.",
            keys: [
                .required("ttl", .duration(.seconds(1) ... .seconds(3600)), "For how long."),
                .optional(
                    "key", .list(.form(.headerName)), or: "all of `copy_request_headers`",
                    "Headers whose values must be the same. Leave one out only if the answer never depends on it."),
            ]),
        .headers: MappingDescription(
            subject: "`headers`",
            meaning:
                "Edits of the request toward the upstream, and of the 101 toward the client. Values may hold `${token.subject}`, "
                + "`${token.id}`, `${token.claims.NAME}`, `${client.ip}`, `${client.certificate}` and `${request.id}`. Of claims, "
                + "texts, numbers and booleans are put in; one that is missing, a list (but for `scope`) or an object gives an "
                + "empty text. A handshake is refused where what is put in at a value's ends begins or ends with white space, or "
                + "holds a control character.",
            keys: [
                .optional(
                    "request", .mapping(.requestEdits),
                    "Of the request. What a policy sets, a client cannot send, in any spelling."),
                .optional("response", .mapping(.responseEdits), "Of the 101."),
                .mode,
            ], demands: [.atLeastOne(["request", "response"])],
            examples: [
                PolicyExample(
                    .middleware,
                    """
                    - token: { issuers: [local] }
                    - headers:
                        request:
                          remove: [Authorization, Cookie]
                          set: { X-Auth-Subject: "${token.subject}" }
                          add: { X-Request-ID: "${request.id}" }
                        response:
                          set: { Strict-Transport-Security: "max-age=63072000" }
                          add: { X-Served-By: portcullis }
                          remove: [Server]
                    """)
            ]),
        .requestEdits: edits("`request`", "the upstream"),
        .responseEdits: edits("`response`", "the client"),
        .identityAssertion: MappingDescription(
            subject: "`identity_assertion`",
            meaning:
                "Sends a JWT of the gateway's own, which says who the client is. It stands behind a `token`, or an `authorize` with a "
                + "`subject_header`.",
            keys: [
                .optional("header", .form(.headerName), else: "X-Portcullis-Assertion", "The header that carries it."),
                .required("audience", .text, "For whom it is: the JWT's `aud`."),
                .optional("ttl", .duration(.seconds(1) ... .seconds(3600)), else: "60s", "For how long it is good."),
                .mode,
            ],
            examples: [
                PolicyExample(
                    .middleware,
                    """
                    - token: { issuers: [local] }
                    - identity_assertion: { audience: chat-server, header: X-Identity, ttl: 30s }
                    """)
            ]),
    ]

    private static func edits(_ subject: String, _ receiver: String) -> MappingDescription {
        let values = ValueKind.named(.form(.template), names: .headerName)
        return MappingDescription(
            subject: subject,
            meaning: "Edits of header fields toward \(receiver), in the order `remove`, `set`, `add`.",
            keys: [
                .optional("set", values, "In place of what is there under that name."),
                .optional("add", values, "Beside what is there."),
                .optional("remove", .list(.form(.headerName)), else: "[]", "Names that do not go on."),
            ])
    }
}

extension KeyDescription {
    /// What counting by client address takes.
    static let ipv6Prefix = KeyDescription.optional(
        "ipv6_prefix", .integer(1...128), else: "64",
        "IPv6 clients that share this many leading bits are counted as one.")
}
