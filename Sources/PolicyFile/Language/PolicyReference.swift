/// The reference of the policy language for people, made of the same description as its schema.
package enum PolicyReference {
    /// Markdown, with a line break at its end.
    package static func text() -> String {
        let chapters = Self.chapters.map { title, mappings in
            "## \(title)\n\n" + mappings.map(section).joined(separator: "\n")
        }
        return opening + "\n" + chapters.joined(separator: "\n")
    }

    private static let opening = """
        # Policy reference

        Every key of the policy language, with what may stand there and what holds without it. This page is what `portcullis schema --markdown`
        prints. What it all means together is told in [authentication.md](authentication.md) and [messages.md](messages.md).

        `--policies` is a file, or a folder whose `*.yaml` are read together in name order, as parts of one policy (`*.test.yaml` are not read).
        Unknown keys, wrong types and references to nothing are errors; `portcullis validate` shows all of them at once.

        `portcullis schema` prints the same as a JSON Schema (draft 2020-12), by which an editor completes keys, tells what they mean and marks what
        is wrong. Write it to a file, and name that in the first line of a policy, for editors with yaml-language-server (VS Code, Neovim, Helix, Emacs):

        ```yaml
        # yaml-language-server: $schema=policy.schema.json
        ```

        | | written | |
        |---|---|---|
        | duration | `250ms` `30s` `5m` `24h` `7d` | a whole number and a unit; above 0, 366d at most |
        | size | `512B` `64KiB` `1MiB` `2GiB` | a whole number and a unit |
        | rate | `10/1s` `100/1m` | a count from 1 to 1000000, and a duration |
        | rate of bytes | `64KiB/1s` `10MiB/1m` | a size up to 64GiB, and a duration |
        | name | `chat-1` | 1 to 64 letters, digits, `.`, `_` or `-` |
        | file | `certs/server.pem` | relative to where the gateway is started, or to `--root` |
        | text | `admin`, `"7"` | in quotes where YAML would read a number, a boolean or nothing |
        | JSON pointer | `/type` `/users/0/name` | RFC 6901 |
        | RE2 pattern | `'^ping \\d+$'` | [RE2's syntax](https://github.com/google/re2/wiki/Syntax), in linear time; best in single quotes |

        """

    /// In the order in which they are told.
    static let chapters: [(title: String, mappings: [PolicyMapping])] = [
        ("A file", [.policy, .gatewayLimits, .admin]),
        (
            "Listeners",
            [.listener, .tls, .certificate, .clientCertificates, .listenerLimits, .admissionEntry]
        ),
        ("Upstreams", [.upstream]),
        ("Token issuers", [.tokenIssuer, .builtin, .jwt, .keys, .requiredClaim]),
        ("Routes", [.route, .match, .routeLimits, .timeouts, .messageRate, .byteRate, .compression]),
        (
            "Middleware",
            [
                .middlewareEntry, .ipFilter, .connectionRate, .connectionLimit, .origin, .token, .carrier,
                .headerCarrier,
                .ticket, .firstMessage, .renew, .failures, .authorize, .cache, .headers, .requestEdits, .responseEdits,
                .identityAssertion,
            ]
        ), ("Message rules", [.messageRule]),
        ("Conditions", [.condition, .size, .text, .json, .binary, .valueDemand, .claim, .query]),
        (
            "Actions",
            [.action, .allow, .drop, .close, .replace, .set, .remove, .reply, .limit, .schema, .log]
        ),
    ]

    // MARK: - Sections

    private static func section(_ mapping: PolicyMapping) -> String {
        let description = mapping.description
        var parts = ["### `\(name(of: mapping))`", description.meaning]
        if description.isChoice { parts.append("One of these keys stands in it:") }
        if !description.keys.isEmpty { parts.append(table(description)) }
        parts += description.demands.map { demand in
            switch demand {
            case .atLeastOne(let keys): "At least one of \(listed(keys)) must be there."
            case .exactlyOne(let keys): "Exactly one of \(listed(keys)) must be there."
            }
        }
        parts += description.examples.map { "```yaml\n\($0.text)\n```" }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private static func table(_ description: MappingDescription) -> String {
        let isPlain = description.isChoice
        let head =
            isPlain ? "| key | value | |\n|---|---|---|\n" : "| key | value | without it | |\n|---|---|---|---|\n"
        let rows = description.keys.map { key in
            let kind = key.alternative.map { link($0) } ?? words(key.kind)
            let cells = ["`\(key.name)`", kind] + (isPlain ? [] : [absence(of: key)]) + [key.meaning]
            return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }
        return head + rows.joined(separator: "\n")
    }

    private static func absence(of key: KeyDescription) -> String {
        switch key.absence {
        case .required: "**required**"
        case .value(let text): "`\(text)`"
        case .words(let words): words
        }
    }

    private static func listed(_ words: [String]) -> String {
        words.count == 2 ? "`\(words[0])` and `\(words[1])`" : alternatives(words).replacing(" or ", with: " and ")
    }

    // MARK: - Names

    /// Where a mapping stands: `listeners.NAME.tls.certificates[]`. What stands in many places begins a name of its own.
    static func name(of mapping: PolicyMapping) -> String { names[mapping] ?? mapping.rawValue }

    /// What GitHub makes of the heading.
    static func anchor(of mapping: PolicyMapping) -> String {
        String(
            name(of: mapping).lowercased().replacing(" ", with: "-").filter {
                $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-"
            })
    }

    private static let roots: [PolicyMapping: String] = [
        .policy: "policy", .middlewareEntry: "middleware[]", .admissionEntry: "admission[]", .messageRule: "messages[]",
        .condition: "when", .valueDemand: "when.subject, when.path", .action: "do",
        .headerCarrier: "middleware[].token.from[] with header",
    ]

    private static let names: [PolicyMapping: String] = {
        var names = roots
        var waiting: [PolicyMapping] = chapters.flatMap(\.mappings).filter { roots[$0] != nil }
        func visit(_ kind: ValueKind, _ path: String) {
            switch kind {
            case .mapping(let mapping):
                guard names[mapping] == nil else { return }
                names[mapping] = path
                waiting.append(mapping)
            case .list(let element, _): visit(element, path + "[]")
            case .named(let value, _): visit(value, path + ".NAME")
            case .either(let kinds): for kind in kinds { visit(kind, path) }
            default: return
            }
        }
        while !waiting.isEmpty {
            let mapping = waiting.removeFirst()
            // The same middleware stands in a route's list, under which it is told.
            if mapping == .admissionEntry { continue }
            let prefix = mapping == .policy ? "" : "\(names[mapping] ?? "")."
            for key in mapping.description.keys { visit(key.kind, prefix + key.name) }
        }
        return names
    }()

    // MARK: - Kinds

    private static func link(_ mapping: PolicyMapping) -> String { "[\(name(of: mapping))](#\(anchor(of: mapping)))" }

    private static func words(_ kind: ValueKind) -> String {
        words(kind, { "`\($0)`" }, link)
    }

    /// Without Markdown, for a schema's titles.
    static func plainWords(_ kind: ValueKind) -> String {
        words(kind, { $0 }, { _ in "mapping" })
    }

    private static func words(
        _ kind: ValueKind, _ quoted: (String) -> String, _ named: (PolicyMapping) -> String
    ) -> String {
        switch kind {
        case .text, .string: return "text"
        case .form(let form): return form.name
        case .boolean: return "\(quoted("true")) or \(quoted("false"))"
        case .yes: return quoted("true")
        case .integer(let range): return "number from \(range.lowerBound) to \(range.upperBound)"
        case .duration(let range):
            if range == ValueKind.everyDuration { return "duration" }
            return
                "duration from \(Quantity.description(range.lowerBound)) to \(Quantity.description(range.upperBound))"
        case .size(let range):
            return
                "size from \(Quantity.description(bytes: range.lowerBound)) to \(Quantity.description(bytes: range.upperBound))"
        case .choice(let words): return words.map(quoted).joined(separator: ", ")
        case .number: return "number"
        case .scalar: return "text, number, boolean or null"
        case .value: return "any value"
        case .list(let element, let minimum):
            let ending =
                switch element {
                case .form, .text, .string: "s"
                default: ""
                }
            return "list of \(words(element, quoted, named))\(ending)" + (minimum > 0 ? ", one at least" : "")
        case .mapping(let mapping): return named(mapping)
        case .named(let value, let names): return "mapping from \(names.name)s to \(words(value, quoted, named))"
        case .either(let kinds): return kinds.map { words($0, quoted, named) }.joined(separator: "; or ")
        }
    }

    /// What a value in YAML is in JSON; nil where it is no YAML.
    static func value(_ text: String) -> SchemaValue? {
        let source = PolicySource(name: "value", bytes: Array("value: \(text)".utf8))
        guard let root = YAMLParser.parse(source).root, case .mapping(let entries) = root.content else { return nil }
        return entries.first.map { SchemaValue($0.value) }
    }
}
