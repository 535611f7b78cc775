import PolicyModel

extension PolicyMapping {
    /// What a message rule does.
    static let actionMappings: [PolicyMapping: MappingDescription] = [
        .action: MappingDescription(
            subject: "`do`",
            meaning:
                "What is done with a message. A name of your own is a message filter that your program brings along.",
            keys: [
                .optional("allow", .mapping(.allow), "No further rule is asked."),
                .optional("drop", .mapping(.drop), "The message goes no further."),
                .optional("close", .mapping(.close), "The connection ends."),
                .optional("replace", .mapping(.replace), "Matches of a pattern get another text."),
                .optional("set", .mapping(.set), "A value is put into the JSON."),
                .optional("remove", .mapping(.remove), "A value is taken out of the JSON."),
                .optional("reply", .mapping(.reply), "The sender gets an answer, and the message goes no further."),
                .optional("limit", .mapping(.limit), "Counts the messages that `when` describes."),
                .optional("schema", .mapping(.schema), "The message must fit a JSON Schema."),
                .optional("log", .mapping(.log), "The message is counted, or written to the audit log."),
            ], isChoice: true,
            examples: [
                PolicyExample(
                    .messages,
                    """
                    - { name: a, from: client, when: { scope: chat.admin }, do: { allow: {} } }
                    - { name: b, from: client, when: { text: { contains: "<script" } }, do: { drop: {} } }
                    - { name: c, from: client, when: { not_json: true }, do: { close: { code: 1007, reason: JSON only } } }
                    - { name: d, from: upstream, when: { text: { matches: '\\b\\d{9,12}(?P<last>\\d{4})\\b' } }, do: { replace: { with: "…${match.last}" } } }
                    - { name: e, from: upstream, do: { replace: { contains: internal.example.com, with: example.com } } }
                    - { name: f, from: upstream, do: { replace: { matches: 'v\\d+', with: v } } }
                    - { name: g, from: client, when: { json: { pointer: "", type: object } }, do: { set: { pointer: /sender, value: "${token.subject}" } } }
                    - { name: h, from: upstream, when: { json: { pointer: /debug, exists: true } }, do: { remove: { pointer: /debug } } }
                    - { name: i, from: client, when: { json: { pointer: /type, equals: rooms } }, do: { limit: { rate: 1/10s, burst: 2, key: address, ipv6_prefix: 64, on_exceed: drop } } }
                    - { name: j, from: client, do: { log: { payload: true } } }
                    - { name: k, from: client, when: { text: { contains: time } }, do: { reply: { json: { id: "${request.id}", ok: true } } } }
                    - { name: l, from: client, do: { reply: { text: "this is only read" } } }
                    """)
            ]),
        .allow: MappingDescription(
            subject: "`allow`", meaning: "No further rule is asked. It has no settings: `{}`.", keys: []),
        .drop: MappingDescription(
            subject: "`drop`", meaning: "The message goes no further. It has no settings: `{}`.", keys: []),
        .close: MappingDescription(
            subject: "`close`", meaning: "The connection ends, with a close frame to both sides.",
            keys: [
                .optional(
                    "code", .integer(1000...4999), else: "1008",
                    "A close code that may be sent: 1000 to 1003, 1007 to 1014 or 3000 to 4999 (RFC 6455 section 7.4)."),
                .optional("reason", .string, else: "message-denied", "Of 123 bytes at most."),
            ]),
        .replace: MappingDescription(
            subject: "`replace`",
            meaning: "Each match gets another text: of the pattern in `when`, or of the one that stands here.",
            keys: [
                .required(
                    "with", .form(.template),
                    "What is put in its place. `${match.NAME}` is what the pattern's group `(?P<NAME>…)` has matched."),
                .optional("contains", .text, or: "the pattern in `when`", "These characters are replaced."),
                .optional(
                    "matches", .form(.pattern), or: "the pattern in `when`", "What this pattern matches is replaced."),
            ]),
        .set: MappingDescription(
            subject: "`set`",
            meaning:
                "Puts a value into a JSON message, and leaves every other byte as it is. A message that is no JSON ends the connection.",
            keys: [
                .required(
                    "pointer", .form(.pointer),
                    "Where: in place of what is there, or as a new member or element (`/list/-`)."),
                .required("value", .value, "Any YAML value; its texts may hold variables."),
            ]),
        .remove: MappingDescription(
            subject: "`remove`",
            meaning: "Takes a value out of a JSON message. A message that is no JSON ends the connection.",
            keys: [.required("pointer", .form(.pointer), "What is taken out.")]),
        .reply: MappingDescription(
            subject: "`reply`", meaning: "What goes to the sender, as a text message.",
            keys: [
                .optional("text", .form(.template), "A text; it may hold variables."),
                .optional("json", .value, "Any YAML value, as JSON; its texts may hold variables."),
            ], isChoice: true),
        .limit: MappingDescription(
            subject: "`limit`", meaning: "Counts the messages that `when` describes: a token bucket.",
            keys: trafficLimitKeys(.form(.rate), .integer(1...1_000_000))),
        .schema: MappingDescription(
            subject: "`schema`", meaning: "A JSON Schema (draft 2020-12) that the message must fit.",
            keys: [
                .required("file", .form(.file), "The schema, of 1 MiB at most; it is a part of the policy."),
                .optional(
                    "on_failure", .choice(SchemaDemand.Failure.self), else: "close",
                    "`close`: the connection ends with 1007 `schema-mismatch`; `drop`: the message does not go on."),
                .optional(
                    "strict", .boolean, else: "true",
                    "Whether a keyword that is not known makes the schema, and so the policy, invalid."),
            ]),
        .log: MappingDescription(
            subject: "`log`", meaning: "The message is counted under the rule's name.",
            keys: [
                .optional(
                    "payload", .boolean, else: "false",
                    "Whether 1,024 bytes of it at most are written to the audit log, too.")
            ]),
    ]
}
