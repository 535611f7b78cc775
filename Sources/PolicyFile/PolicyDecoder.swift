import PolicyModel

/// Turns documents into the parts of one ``Policy`` and gathers all that is wrong with them.
///
/// Each section has a file with an extension of this. A decoding function gives nil where it has said what is wrong, and
/// callers go on with a default so that the rest is looked at too: a policy with an error is never used.
final class PolicyDecoder {
    private(set) var diagnostics: [Diagnostic] = []
    /// Those of them that are errors.
    private(set) var errorCount = 0
    /// Whence the files come that a policy names and that are a part of it.
    let files: PolicyFiles
    /// Those that were read, in that order, each once.
    private(set) var attachments: [PolicySource] = []
    private(set) var policy = Policy()
    /// What may be named beside the built-ins.
    let extensions: ExtensionCatalog
    private var definitions: [Section: [String: SourcePosition]] = [:]
    /// Sections that are there, of use or not.
    private var filled: Set<Section> = []
    /// Those that stand there under another name, which has been said: what they define is not known.
    private var misspelt: Set<Section> = []
    /// Uses of `${token.…}` in the entry that is being read.
    var tokenVariables: [(name: String, position: SourcePosition)] = []
    /// Uses of `${client.certificate}`, and whether any listener asks for one.
    var certificateVariables: [SourcePosition] = []
    var asksForClientCertificates = false
    private var references: [Reference] = []
    /// The `issuer` of each token issuer that has one, and where it stands.
    var issuerNames: [String: SourcePosition] = [:]
    /// Where the process's `limits` stand, of which there is one.
    var limitsPosition: SourcePosition?
    /// And `admin`.
    var adminPosition: SourcePosition?
    private var boundAddresses: [SocketAddress: SourcePosition] = [:]
    /// What routes will be compared by.
    var forms = PolicyForms()
    /// Paths that stand in the policy, whether there is a file or not.
    private(set) var namedFiles: Set<String> = []
    /// By port and kind of address: the first that is bound, or the one that is all addresses.
    private var firstAtPort: [SocketAddress: (address: SocketAddress, position: SourcePosition)] = [:]
    /// The routes whose `match` could be read.
    var reaches: [RouteReach] = []

    /// Where names live: each section has its own.
    enum Section: String, CaseIterable {
        case listeners
        case upstreams
        case tokenIssuers = "token_issuers"
        case routes

        /// One of it.
        var noun: String {
            switch self {
            case .listeners: "listener"
            case .upstreams: "upstream"
            case .tokenIssuers: "token issuer"
            case .routes: "route"
            }
        }

        /// `noun` with its article.
        var one: String { self == .upstreams ? "an \(noun)" : "a \(noun)" }
    }

    private struct Reference {
        var section: Section
        var name: String
        var position: SourcePosition
    }

    init(files: PolicyFiles = .none, extensions: ExtensionCatalog = ExtensionCatalog()) {
        self.files = files
        self.extensions = extensions
    }

    /// Notes that a file is a part of the policy.
    func noteFile(_ name: String, _ bytes: [UInt8]) {
        guard !attachments.contains(where: { $0.name == name }) else { return }
        attachments.append(PolicySource(name: name, bytes: bytes))
    }

    /// Notes that the policy names a file.
    func noteName(of file: String) { namedFiles.insert(file) }

    func add(_ diagnostic: Diagnostic) {
        if diagnostic.severity == .error { errorCount += 1 }
        diagnostics.append(diagnostic)
    }

    /// Notes an error. `suggestion`: what to write in place of the word that stands there.
    func refuse(_ position: SourcePosition, _ message: String, suggestion: String? = nil) {
        add(Diagnostic(position: position, message: message, suggestion: suggestion))
    }

    /// Notes what a gateway runs, and its author can hardly have meant.
    func warn(_ position: SourcePosition, _ message: String, suggestion: String? = nil) {
        add(Diagnostic(severity: .warning, position: position, message: message, suggestion: suggestion))
    }

    /// What `decode` makes of a node. Nothing that could not be decoded goes by unsaid, whatever a decoding function
    /// forgets: otherwise a policy would be used without a line that its author wrote.
    func checked<Value>(_ node: YAMLNode, _ decode: (YAMLNode) -> Value?) -> Value? {
        let before = errorCount
        let value = decode(node)
        if value == nil, errorCount == before {
            refuse(node.position, "this is not understood here")
        }
        return value
    }

    /// What `decode` makes of each of the nodes, as ``checked(_:_:)`` does.
    func each<Value>(_ nodes: [YAMLNode], _ decode: (YAMLNode) -> Value?) -> [Value] {
        nodes.compactMap { checked($0, decode) }
    }

    /// One file's whole content.
    func decode(document: YAMLNode) {
        guard
            let fields = fields(document, of: .policy)
        else {
            // What the file should have held cannot be called missing.
            filled = [.listeners, .routes]
            return
        }
        for section in Section.allCases where fields.isMisspelt(section.rawValue) {
            filled.insert(section)
            misspelt.insert(section)
        }
        for entry in named(fields["listeners"], .listeners) {
            if let listener = checked(entry.value, { _ in listener(entry) }) { policy.listeners.append(listener) }
        }
        for entry in named(fields["upstreams"], .upstreams) {
            if let upstream = checked(entry.value, { _ in upstream(entry) }) { policy.upstreams.append(upstream) }
        }
        for entry in named(fields["token_issuers"], .tokenIssuers) {
            if let issuer = checked(entry.value, { _ in tokenIssuer(entry) }) { policy.tokenIssuers.append(issuer) }
        }
        if let limits = fields.decoded("limits", gatewayLimits) { policy.limits = limits }
        if let admin = fields.decoded("admin", admin) { policy.admin = admin }
        if let node = fields["routes"] {
            let routes = list(node, Section.routes.rawValue)
            if routes?.isEmpty != true { filled.insert(.routes) }
            policy.routes += each(routes ?? [], route)
        }
    }

    /// The entries of a section that maps names to settings.
    private func named(_ node: YAMLNode?, _ section: Section) -> [YAMLNode.Entry] {
        guard let node else { return [] }
        guard case .mapping(let entries) = node.content else {
            refuse(
                node.position,
                "`\(section.rawValue)` must be a mapping from names to settings, not \(node.kindDescription)")
            filled.insert(section)
            return []
        }
        if !entries.isEmpty { filled.insert(section) }
        for entry in entries {
            checkName(entry.key, entry.keyPosition, of: section.one)
            define(entry.key, in: section, at: entry.keyPosition)
        }
        return entries
    }

    /// Notes that `name` exists, and an error if it did already.
    func define(_ name: String, in section: Section, at position: SourcePosition) {
        if let first = definitions[section]?[name] {
            refuse(
                position,
                "\(section.noun) \(quoted(name)) is defined twice, first at \(first); give one of them another name")
        } else {
            definitions[section, default: [:]][name] = position
        }
    }

    /// Notes that `name` must exist once everything has been read.
    func refer(to name: String, in section: Section, at position: SourcePosition) {
        references.append(Reference(section: section, name: name, position: position))
    }

    /// Notes that a listener binds `address`, and an error if another one does.
    func bind(_ address: SocketAddress, at position: SourcePosition) {
        // Port 0 asks for any free one.
        guard address.port != 0 else { return }
        if let first = boundAddresses[address] {
            refuse(position, "\(quoted(address.description)) is bound twice, first at \(first)")
            return
        }
        boundAddresses[address] = position
        let all = address.ofAllAddresses
        let first = firstAtPort[all]
        if first == nil || address == all { firstAtPort[all] = (address, position) }
        guard let (other, place) = first, address == all || other == all else { return }
        refuse(
            position,
            "\(quoted(address.description)) and \(quoted(other.description)), at \(place), cannot both be bound: one of them is all addresses"
        )
    }

    /// Names that nothing refers to, with their places.
    func unused(_ section: Section) -> [(name: String, position: SourcePosition)] {
        let used = Set(references.filter { $0.section == section }.map(\.name))
        return (definitions[section] ?? [:]).filter { !used.contains($0.key) }.map { ($0.key, $0.value) }
    }

    /// Every name that is used is defined somewhere.
    func checkReferences() {
        var sorted: [Section: [String]] = [:]
        var answers: [Section: [String: (message: String, nearest: String?)]] = [:]
        for reference in references where !misspelt.contains(reference.section) {
            let (section, name) = (reference.section, reference.name)
            let known = definitions[section] ?? [:]
            guard known[name] == nil else { continue }
            if let answer = answers[section]?[name] {
                refuse(reference.position, answer.message, suggestion: answer.nearest)
                continue
            }
            let names = sorted[section] ?? known.keys.sorted()
            sorted[section] = names
            let answer = Self.undefined(name, in: section, among: names)
            answers[section, default: [:]][name] = answer
            refuse(reference.position, answer.message, suggestion: answer.nearest)
        }
    }

    /// What is said of a name that is not among those that are defined, and which of them was probably meant. A file can hold
    /// very many of both: among more than 500 none is looked for, and ten are listed.
    private static func undefined(
        _ name: String, in section: Section, among names: [String]
    ) -> (message: String, nearest: String?) {
        let message = "there is no \(section.noun) \(quoted(name))"
        if names.isEmpty { return (message + "; define it under `\(section.rawValue)`", nil) }
        if names.count <= 500, let nearest = Suggestion.nearest(to: name, among: names) {
            return (message + "; did you mean `\(nearest)`?", nearest)
        }
        let listed = names.prefix(10).map(quoted).joined(separator: ", ")
        let rest = names.count > 10 ? ", and \(names.count - 10) more" : ""
        return ("\(message); those defined are \(listed)\(rest)", nil)
    }

    /// Gives each route its form, once everything has been read.
    func completeForms() {
        for index in policy.routes.indices { policy.routes[index].form = forms.form(of: policy.routes[index]) }
    }

    /// A variable that would always be empty is a mistake.
    func checkCertificateVariables() {
        guard !asksForClientCertificates else { return }
        for position in certificateVariables {
            refuse(
                position, "`${client.certificate}` needs `client_certificates` in a listener's `tls`, and there is none"
            )
        }
    }

    /// What a gateway would run and its author can hardly have meant, as far as it takes all of the policy to see it.
    /// `isComplete`: nothing is known to be missing.
    func warnOfWhole(isComplete: Bool) {
        warnUnreachableRoutes()
        if isComplete, errorCount == 0 { warnUnused() }
    }

    /// A policy that nothing can connect to is a mistake.
    func checkNothingIsMissing(first file: String) {
        let start = SourcePosition(file: file, line: 1, column: 1)
        if !filled.contains(.listeners) {
            refuse(start, "no listener: define one under `listeners`, or nothing can connect")
        }
        if !filled.contains(.routes) {
            refuse(start, "no route: define one under `routes`, or every request is refused")
        }
    }
}

extension SocketAddress {
    /// 0.0.0.0 or [::] at the same port: who listens there leaves no room for others of its kind.
    fileprivate var ofAllAddresses: SocketAddress {
        switch ip {
        case .v4: SocketAddress(ip: .v4(0), port: port)
        case .v6: SocketAddress(ip: .v6(0), port: port)
        }
    }
}
