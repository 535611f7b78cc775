import PolicyModel

extension PolicyMapping {
    /// `token`, and what belongs to it.
    static let tokenMappings: [PolicyMapping: MappingDescription] = [
        .token: MappingDescription(
            subject: "`token`", meaning: "A token that an issuer has signed, that is not expired and not revoked.",
            keys: [
                .required("issuers", .list(.text, minimum: 1), "Names of token issuers."),
                .optional(
                    "from", .list(.mapping(.carrier), minimum: 1), else: "[{ header: Authorization }]",
                    "Where it may stand. All of them are looked at; where they hold different tokens the handshake is refused."
                ),
                .optional("audience", .text, or: "any", "What must be in the token's `aud`."),
                .optional("scopes", .list(.form(.scope)), else: "[]", "What the token must have, all of it."),
                .optional(
                    "expiry_grace", .duration(.seconds(1) ... .seconds(366 * 86_400)), or: "0 s",
                    "For how long it holds a live socket after its expiry."),
                .optional(
                    "max_age", .duration(.seconds(1) ... .seconds(366 * 86_400)), or: "its expiry alone",
                    "How long after its issue it is good, whatever its expiry."),
                .optional(
                    "renew", .mapping(.renew), or: "a connection ends with its token",
                    "A message of a live connection may bring a fresh token."),
                .optional(
                    "failures", .mapping(.failures), or: "nobody is locked out",
                    "Who shows many tokens that do not hold is locked out."),
                .mode,
            ],
            examples: [
                PolicyExample(
                    .middleware,
                    """
                    - origin: { allow: ["https://chat.example.com"] }
                    - token:
                        issuers: [local]
                        from:
                          - header: Authorization
                          - { header: X-Token, scheme: Token }
                          - cookie: session
                          - query: access_token
                          - subprotocol: bearer.
                          - ticket: { query: ticket }
                          - first_message: { timeout: 10s, pointer: /token }
                        audience: chat
                        scopes: [chat.read]
                        expiry_grace: 30s
                        max_age: 24h
                        renew: { pointer: /portcullis/token }
                        failures: { rate: 10/1m, block: 5m, ipv6_prefix: 64 }
                    """)
            ]),
        .carrier: MappingDescription(
            subject: "an entry of `from`", meaning: "A place where a token may stand.",
            keys: [
                KeyDescription(
                    name: "header", kind: .form(.headerName), absence: .words(""), meaning: "A header.",
                    alternative: .headerCarrier),
                .optional(
                    "subprotocol", .form(.word),
                    "What an offered subprotocol begins with, `bearer.TOKEN`: neither echoed nor forwarded."),
                .optional("cookie", .form(.word), "A cookie."),
                .optional(
                    "query", .form(.queryParameter),
                    "A query parameter: taken out of what goes upstream and of every log."),
                .optional("ticket", .mapping(.ticket), "A one-time ticket that a page has asked for."),
                .optional(
                    "first_message", .mapping(.firstMessage),
                    "Where nothing is carried, the client's first message, of at most 8 KiB."),
            ], isChoice: true),
        .headerCarrier: MappingDescription(
            subject: "an entry of `from`", meaning: "A header that may hold a token.",
            keys: [
                .required("header", .form(.headerName), "Its name."),
                .optional(
                    "scheme", .form(.word), or: "`Bearer` for `Authorization`, else none", "The word before the token."),
            ]),
        .ticket: MappingDescription(
            subject: "`ticket`",
            meaning:
                "A one-time ticket in the query. It is given for a token in a header or a cookie, so one of these stands in `from`, too, "
                + "and the route has an `origin`.",
            keys: [.optional("query", .form(.queryParameter), else: "ticket", "The query parameter.")]),
        .firstMessage: MappingDescription(
            subject: "`first_message`",
            meaning: "The gateway answers 101 itself, and dials the server behind when the token has come.",
            keys: [
                .optional("timeout", .anyDuration, else: "10s", "How long it waits for the message."),
                .optional("pointer", .form(.pointer), else: "/token", "Where in it the token stands: 1 to 16 steps."),
            ]),
        .renew: MappingDescription(
            subject: "`renew`",
            meaning:
                "A client may send a fresh token of the same issuer and subject before its own ends. The message goes no further.",
            keys: [
                .optional(
                    "pointer", .form(.pointer), else: "/portcullis/token",
                    "Where in the message the token stands: 1 to 16 steps.")
            ]),
        .failures: MappingDescription(
            subject: "`failures`", meaning: "When a client address is locked out for tokens that do not hold.",
            keys: [
                .required("rate", .form(.rate), "How many such tokens may come."),
                .required("block", .anyDuration, "For how long the address is locked out then."),
                .ipv6Prefix,
            ]),
    ]
}
