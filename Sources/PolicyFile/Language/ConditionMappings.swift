import PolicyModel

extension PolicyMapping {
    /// A message rule, and what it asks.
    static let conditionMappings: [PolicyMapping: MappingDescription] = [
        .messageRule: MappingDescription(
            subject: "a message rule",
            meaning:
                "What happens to some messages. `allow`, `drop`, `close` and `reply` end a message's way through the list; after any "
                + "other action the next rule is asked, about the message as it is by then.",
            keys: [
                .required("name", .form(.name), "Its own name within the route, in the audit log."),
                .required("from", .choice(MessageRule.Source.self), "Whose messages are looked at."),
                .optional("when", .mapping(.condition), or: "every message", "Which messages are meant."),
                .required(
                    "do", .either([.choice(["allow", "drop", "close", "log"]), .mapping(.action)]),
                    "What is done with them: an action, or its name alone where it needs no settings."),
                .mode,
            ],
            examples: [
                PolicyExample(
                    .messages,
                    """
                    - name: admin-needs-scope
                      from: client
                      when: { json: { pointer: /type, equals: admin }, lacks_scope: chat.admin }
                      do: { close: { code: 1008, reason: admin is not allowed } }
                    - name: no-binary
                      from: both
                      when: { opcode: binary }
                      do: drop
                      mode: shadow
                    """)
            ]),
        .condition: MappingDescription(
            subject: "`when`",
            meaning:
                "What a message, and the connection on which it comes, must look like. All that stands in it must hold.",
            keys: [
                .optional("opcode", .choice(MessageCondition.Opcode.self), "Messages of that kind."),
                .optional("size", .mapping(.size), "Messages of that size, fragments together, inflated."),
                .optional("text", .mapping(.text), "Text messages that hold something."),
                .optional("json", .mapping(.json), "Messages, text or binary, with such a JSON value."),
                .optional("binary", .mapping(.binary), "Binary messages that begin with some bytes."),
                .optional("not_json", .yes, "All but exactly one value of RFC 8259."),
                .optional(
                    "not_utf8", .yes, "Binary messages that are no text; text that is none is always refused, 1007."),
                .optional(
                    "direction", .choice(["client", "upstream"]), "Messages of that side, where `from` is `both`."),
                .optional(
                    "subject", demand, "Connections of a token's subject, or of whom `authorize` has named."),
                .optional("scope", .form(.scope), "Connections whose token has that scope."),
                .optional("lacks_scope", .form(.scope), "Connections whose token has not."),
                .optional("claim", .mapping(.claim), "Connections whose token says that."),
                .optional("path", demand, "Connections whose request asked for that path, as it went upstream."),
                .optional(
                    "query", .mapping(.query), "Connections whose request had that parameter, as it went upstream."),
                .optional("all", .list(.mapping(.condition), minimum: 1), "Every one of these holds."),
                .optional("any", .list(.mapping(.condition), minimum: 1), "One of these holds at least."),
                .optional("not", .mapping(.condition), "This does not hold."),
            ],
            examples: [
                PolicyExample(
                    .messages,
                    """
                    - name: by-message
                      from: both
                      when:
                        direction: client
                        opcode: text
                        size: { over: 16KiB, under: 1MiB }
                        text: { contains: http, matches: '(?i)buy\\s+now' }
                        not: { any: [{ not_json: true }, { json: { pointer: /type, in: [system, 7] } }] }
                      do: log
                    - name: by-connection
                      from: client
                      when:
                        all: [{ scope: chat.write }, { lacks_scope: chat.admin }]
                        subject: { matches: '^guest-' }
                        path: [/chat, /chat/lobby]
                        query: { name: room, equals: lobby }
                        claim: { pointer: /groups, contains: staff }
                      do: log
                    - name: images
                      from: client
                      when: { binary: { prefix: "89504e47" }, not_utf8: true, subject: alice }
                      do: drop
                    """)
            ]),
        .size: MappingDescription(
            subject: "`size`", meaning: "Bounds of a message's payload.",
            keys: [
                .optional("over", .size(0...1 << 30), "Larger messages."),
                .optional("under", .size(1...1 << 30), "Smaller messages."),
            ], demands: [.atLeastOne(["over", "under"])]),
        .text: MappingDescription(
            subject: "`text`", meaning: "What is looked for in text messages.",
            keys: [
                .optional("contains", .text, "These characters."),
                .optional("matches", .form(.pattern), "A pattern that matches somewhere."),
            ], demands: [.atLeastOne(["contains", "matches"])]),
        .json: MappingDescription(
            subject: "`json`", meaning: "What is demanded of a JSON value; all of it must hold.",
            keys: [
                .required("pointer", .form(.pointer), "Where the value stands (RFC 6901)."),
                .optional("equals", .scalar, "That value; numbers by their value, 1 is 1.0."),
                .optional("in", .list(.scalar, minimum: 1), "One of these values."),
                .optional("matches", .form(.pattern), "A text in which the pattern matches somewhere."),
                .optional("exists", .boolean, "Whether there is anything, null too."),
                .optional("type", .choice(JSONDemand.ValueType.self), "A value of that type; 1.0 is an integer."),
                .optional("over", .number, "A number above that."),
                .optional("under", .number, "A number below that."),
            ], demands: [.atLeastOne(["equals", "in", "matches", "exists", "type", "over", "under"])],
            examples: [
                PolicyExample(
                    .messages,
                    """
                    - { name: a, from: client, when: { json: { pointer: /n, type: number, over: 0, under: 9.5 } }, do: log }
                    - { name: b, from: client, when: { json: { pointer: /x, exists: false } }, do: log }
                    - { name: c, from: client, when: { json: { pointer: /s, matches: '^a' } }, do: log }
                    """)
            ]),
        .binary: MappingDescription(
            subject: "`binary`", meaning: "What binary messages look like.",
            keys: [
                .required(
                    "prefix", .either([.form(.hexadecimal), .number]),
                    "The bytes that they begin with, in hexadecimal, two digits each.")
            ]),
        .claim: MappingDescription(
            subject: "`claim`", meaning: "What is demanded of a claim of the connection's token.",
            keys: [
                .required("pointer", .form(.pointer), "Which claim."),
                .optional("equals", .scalar, "Its value."),
                .optional("in", .list(.scalar, minimum: 1), "One of these values."),
                .optional("matches", .form(.pattern), "A text in which the pattern matches somewhere."),
                .optional("contains", .scalar, "An element of the list that it is."),
                .optional("exists", .boolean, "Whether there is anything."),
            ], demands: [.exactlyOne(["equals", "in", "matches", "contains", "exists"])]),
        .query: MappingDescription(
            subject: "`query`", meaning: "What is demanded of a query parameter; of several with that name any.",
            keys: [
                .required("name", .text, "The parameter."),
                .optional("equals", .string, "Its value."),
                .optional("in", .list(.string, minimum: 1), "One of these values."),
                .optional("matches", .form(.pattern), "A text in which the pattern matches somewhere."),
                .optional("exists", .boolean, "Whether there is one."),
            ], demands: [.exactlyOne(["equals", "in", "matches", "exists"])]),
        .valueDemand: MappingDescription(
            subject: "this", meaning: "What is demanded of a text.",
            keys: [
                .optional("equals", .string, "That text."),
                .optional("in", .list(.string, minimum: 1), "One of these texts."),
                .optional("matches", .form(.pattern), "A text in which the pattern matches somewhere."),
            ], demands: [.exactlyOne(["equals", "in", "matches"])]),
    ]

    /// A text, one of several, or a mapping that says more.
    private static var demand: ValueKind {
        .either([.string, .list(.string, minimum: 1), .mapping(.valueDemand)])
    }
}
