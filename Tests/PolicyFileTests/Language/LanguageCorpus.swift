import Foundation
import Inspection
import PolicyModel
import Testing

@testable import PolicyFile

/// Policies in which every key of the language stands: those that ship, the examples of the reference, and some more.
enum LanguageCorpus {
    struct Document: CustomTestStringConvertible, Sendable {
        let name: String
        let root: YAMLNode
        var testDescription: String { name }
    }

    static let documents: [Document] = {
        let shipped = [
            "default.yaml", "examples/chat.yaml", "examples/message-policy.yaml", "examples/public-feed.yaml",
        ]
        let files = (shipped + ["examples/behind-a-login.yaml"]).map { name in
            (name, (try? String(contentsOfFile: "policies/\(name)", encoding: .utf8)) ?? "")
        }
        let examples = PolicyMapping.allCases.flatMap { mapping in
            mapping.description.examples.enumerated().map { ("\(mapping) \($0)", text(of: $1)) }
        }
        let further = rest.enumerated().map { ("further \($0)", text(of: $1)) }
        return (files + examples + further).compactMap { name, text in
            YAMLParser.parse(PolicySource(name: name, bytes: Array(text.utf8))).root.map {
                Document(name: name, root: $0)
            }
        }
    }()

    /// What the others leave out.
    private static let rest = [
        PolicyExample(
            .middleware,
            """
            - authorize: { url: "http://127.0.0.1/", subject_header: X-User }
            - identity_assertion: { audience: a }
            - headers: { request: { set: { X-Certificate: "${client.ip}" } } }
            """),
        PolicyExample(.middleware, "- token: { issuers: [local], from: [{ first_message: {} }], renew: {} }"),
        PolicyExample(
            .middleware,
            """
            - origin: { allow: ["https://a.example.com"] }
            - token: { issuers: [local], from: [{ cookie: c }, { ticket: {} }], failures: { rate: 1/1s, block: 1s } }
            """),
        PolicyExample(
            .messages,
            """
            - { name: a, from: client, when: { claim: { pointer: /a, equals: 1 } }, do: log }
            - { name: b, from: client, when: { claim: { pointer: /a, in: [1, x, null, true] } }, do: log }
            - { name: c, from: client, when: { claim: { pointer: /a, matches: x } }, do: log }
            - { name: d, from: client, when: { claim: { pointer: /a, exists: false } }, do: log }
            - { name: e, from: client, when: { query: { name: a, in: [x] } }, do: log }
            - { name: f, from: client, when: { query: { name: a, matches: x } }, do: log }
            - { name: g, from: client, when: { query: { name: a, exists: true } }, do: log }
            - { name: h, from: client, when: { subject: { equals: x }, path: { in: [/x] } }, do: log }
            - { name: i, from: client, when: { binary: { prefix: 0012 } }, do: close }
            - { name: j, from: client, do: { close: {} } }
            - { name: k, from: client, do: { limit: { rate: 1/1s, key: address } } }
            - { name: l, from: client, do: { log: {} } }
            - name: m
              from: client
              do: { schema: { file: policies/examples/schemas/chat.schema.json, on_failure: drop, strict: true } }
            """),
        PolicyExample(
            .file,
            """
            listeners:
              one:
                address: 127.0.0.1:1
                tls:
                  certificates: [{ certificate: a, private_key: b }]
                  client_certificates: { authority: a }
                admission: [{ ip_filter: { deny: [10.0.0.0/8], mode: shadow } }, { connection_limit: { maximum: 1 } }]
                limits: {}
            token_issuers:
              local: { builtin: {} }
              two: { jwt: { issuer: two, audiences: [a], algorithms: [ES256], keys: { url: "https://a.example.com/" } } }
            """),
        PolicyExample(
            .middleware,
            """
            - ip_filter: { allow: [10.0.0.0/8] }
            - connection_limit: { maximum: 1, mode: enforce }
            - origin: { allow: ["https://a.example.com"], mode: shadow }
            - token: { issuers: [local], mode: enforce }
            - authorize: { url: "http://127.0.0.1/", mode: shadow }
            - headers: { request: {}, mode: enforce }
            - identity_assertion: { audience: a, mode: shadow }
            """),
        PolicyExample(.route, "compression: { mode: inspect }"),
        PolicyExample(
            .route, "message_rate: [{ rate: 1/1s, from: upstream, mode: shadow }]\nbyte_rate: [{ rate: 1B/1s }]"),
        PolicyExample(.route, "message_rate: { rate: 1/1s, key: address }\nbyte_rate: { rate: 1B/1s, key: address }"),
        PolicyExample(.route, "limits: {}\ntimeouts: {}\nmessages: []"),
    ]

    private static let sections = [
        "listeners: { public: { address: 127.0.0.1:8443, tls: { certificates: [{ certificate: a.pem, private_key: a.key }] } } }",
        "upstreams: { echo: { endpoints: [\"ws://127.0.0.1:9001\"] } }", "token_issuers: { local: { builtin: {} } }",
        "routes: [{ name: echo, match: { path: / }, upstream: echo, public: true }]",
    ]

    /// The whole policy that an example is a piece of.
    static func text(of example: PolicyExample) -> String {
        var lines = example.text.split(separator: "\n").map(String.init)
        let token = "  middleware: [{ token: { issuers: [local] } }]"
        let isLocked = example.text.contains("token:") || example.text.contains("authorize:")
        let before: [String]
        switch example.place {
        case .file: before = []
        case .route: before = [token]
        case .middleware: before = [isLocked ? "  public: false" : "  public: true", "  middleware:"]
        case .messages: before = [token, "  messages:"]
        }
        if !before.isEmpty {
            let start = ["routes:", "- name: r", "  match: { path: /r }", "  upstream: echo"]
            lines = start + before + lines.map { "  " + $0 }
        }
        let missing = sections.filter { section in
            !lines.contains { $0.hasPrefix(section.prefix { $0 != ":" } + ":") }
        }
        return (lines + missing).joined(separator: "\n")
    }

    // MARK: - Mappings in documents

    /// Steps into a document: the number of an element, or of an entry whose value is meant.
    typealias Path = [Int]

    struct Place {
        let document: YAMLNode
        let mapping: PolicyMapping
        let node: YAMLNode
        let path: Path

        /// The document with other entries in this mapping.
        func replacing(_ change: ([YAMLNode.Entry]) -> [YAMLNode.Entry]) -> YAMLNode {
            document.replacing(at: path[...]) { node in
                guard case .mapping(let entries) = node.content else { return node }
                return node.with(.mapping(change(entries)))
            }
        }

        /// The document with another value of a key, which may be missing in it.
        func setting(_ key: String, _ value: YAMLNode) -> YAMLNode {
            let entry = YAMLNode.Entry(key: key, keyPosition: node.position, value: value)
            return replacing { entries in entries.filter { $0.key != key } + [entry] }
        }

        func value(of key: String) -> YAMLNode? {
            guard case .mapping(let entries) = node.content else { return nil }
            return entries.first { $0.key == key }?.value
        }
    }

    /// Every mapping of every document.
    static let places: [Place] = documents.flatMap { document in
        var places: [Place] = []
        func visit(_ node: YAMLNode, _ kind: ValueKind, _ path: Path) {
            switch (kind, node.content) {
            case (.mapping(let mapping), .mapping(let entries)):
                let description = mapping.description
                let keys = description.keys.filter { key in entries.contains { $0.key == key.name } }
                let alternative = keys.compactMap(\.alternative).first
                for found in [mapping] + (alternative.map { [$0] } ?? []) {
                    places.append(Place(document: document.root, mapping: found, node: node, path: path))
                }
                for (index, entry) in entries.enumerated() {
                    guard let key = keys.first(where: { $0.name == entry.key }) else { continue }
                    visit(entry.value, key.kind, path + [index])
                }
            case (.list(let element, _), .sequence(let nodes)):
                for (index, node) in nodes.enumerated() { visit(node, element, path + [index]) }
            case (.named(let value, _), .mapping(let entries)):
                for (index, entry) in entries.enumerated() { visit(entry.value, value, path + [index]) }
            case (.either(let kinds), _):
                for kind in kinds { visit(node, kind, path) }
            default: return
            }
        }
        visit(document.root, .mapping(.policy), [])
        return places
    }

    // MARK: - Judges

    /// What the decoder says of a document.
    static func decoded(_ document: YAMLNode) -> (policy: Policy, errors: [String]) {
        let decoder = PolicyDecoder(files: .inFolder("."))
        decoder.decode(document: document)
        decoder.checkReferences()
        decoder.checkCertificateVariables()
        decoder.checkNothingIsMissing(first: "p")
        return (decoder.policy, decoder.diagnostics.filter { $0.severity == .error }.map(\.message))
    }

    private static let schema = try? JSONSchema(Array(PolicySchema.text().utf8), isStrict: true)

    /// Whether the schema accepts a document.
    static func isValid(_ document: YAMLNode) throws -> Bool {
        let schema = try #require(schema)
        var reader = JSONDocumentReader()
        var validator = SchemaValidator()
        let json = Array(SchemaValue(document).text().utf8)
        return validator.validate(json.span, with: &reader, against: schema) == .valid
    }

    /// A value.
    static func yaml(_ text: String) throws -> YAMLNode {
        // On its own, null is a document without a value.
        let root = try #require(YAMLParser.parse(PolicySource(name: "v", bytes: Array("v: \(text)".utf8))).root)
        guard case .mapping(let entries) = root.content else { return root }
        return try #require(entries.first).value
    }
}

extension YAMLNode {
    func with(_ content: Content) -> YAMLNode {
        YAMLNode(content: content, position: position, count: count, height: height)
    }

    func replacing(at path: ArraySlice<Int>, _ change: (YAMLNode) -> YAMLNode) -> YAMLNode {
        guard let index = path.first else { return change(self) }
        switch content {
        case .scalar: return self
        case .sequence(var nodes):
            nodes[index] = nodes[index].replacing(at: path.dropFirst(), change)
            return with(.sequence(nodes))
        case .mapping(var entries):
            let entry = entries[index]
            entries[index] = Entry(
                key: entry.key, keyPosition: entry.keyPosition,
                value: entry.value.replacing(at: path.dropFirst(), change))
            return with(.mapping(entries))
        }
    }
}
