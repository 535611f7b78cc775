/// Text with `${…}` variables, parsed once when the policy is read.
package struct Template: Sendable, Hashable {
    package enum Variable: Sendable, Hashable {
        case tokenSubject
        case tokenID
        /// `${token.claims.NAME}`: a string, number or boolean claim; empty where the token has none of that name.
        case tokenClaim(String)
        case clientIP
        /// `${client.certificate}`: the subject of the client's TLS certificate; empty where it has shown none.
        case clientCertificate
        case requestID
        /// `${match.NAME}`: what a group of the rule's pattern has matched; in message rules alone.
        case match(String)

        /// Reads what stands between `${` and `}`; nil for an unknown variable.
        package init?(_ text: some StringProtocol) {
            switch text {
            case "token.subject": self = .tokenSubject
            case "token.id": self = .tokenID
            case "client.ip": self = .clientIP
            case "client.certificate": self = .clientCertificate
            case "request.id": self = .requestID
            default:
                if let name = Self.name(in: text, behind: "token.claims.") {
                    self = .tokenClaim(name)
                } else if let name = Self.name(in: text, behind: "match.") {
                    self = .match(name)
                } else {
                    return nil
                }
            }
        }

        private static func name(in text: some StringProtocol, behind prefix: String) -> String? {
            guard text.hasPrefix(prefix), text.count > prefix.count else { return nil }
            return String(text.dropFirst(prefix.count))
        }

        /// As a policy writes it, without `${` and `}`.
        package var name: String {
            switch self {
            case .tokenSubject: "token.subject"
            case .tokenID: "token.id"
            case .tokenClaim(let claim): "token.claims.\(claim)"
            case .clientIP: "client.ip"
            case .clientCertificate: "client.certificate"
            case .requestID: "request.id"
            case .match(let group): "match.\(group)"
            }
        }

        /// Whether an admitted token is needed to fill it in.
        package var needsToken: Bool {
            switch self {
            case .tokenSubject, .tokenID, .tokenClaim: true
            case .clientIP, .clientCertificate, .requestID, .match: false
            }
        }
    }

    package enum Part: Sendable, Hashable {
        case literal(String)
        case variable(Variable)
    }

    package enum ParseError: Error, Hashable {
        /// A `${` without its `}`.
        case unterminated
        case unknownVariable(String)
    }

    package var parts: [Part]

    package init(parts: [Part]) {
        self.parts = parts
    }

    /// Reads `a ${client.ip} b`. A `$` that no `{` follows stands for itself.
    package init(parsing text: String) throws(ParseError) {
        var parts: [Part] = []
        // By code points: to a Character, `}` and a combining mark are one.
        var rest = text.unicodeScalars[...]
        while let dollar = rest.firstIndex(of: "$") {
            let afterDollar = rest.index(after: dollar)
            guard afterDollar < rest.endIndex, rest[afterDollar] == "{" else {
                parts.append(.literal(String(rest[...dollar])))
                rest = rest[afterDollar...]
                continue
            }
            if dollar > rest.startIndex { parts.append(.literal(String(rest[..<dollar]))) }
            let nameStart = rest.index(after: afterDollar)
            guard let brace = rest[nameStart...].firstIndex(of: "}") else { throw .unterminated }
            let name = Substring(rest[nameStart..<brace])
            guard let variable = Variable(name) else { throw .unknownVariable(String(name)) }
            parts.append(.variable(variable))
            rest = rest[rest.index(after: brace)...]
        }
        if !rest.isEmpty { parts.append(.literal(String(rest))) }
        self.init(parts: parts)
    }

    /// Text without variables.
    package static func literal(_ text: String) -> Template { Template(parts: [.literal(text)]) }

    /// Its variables, in order.
    package var variables: [Variable] {
        parts.compactMap { part in
            if case .variable(let variable) = part { variable } else { nil }
        }
    }

    /// The text with its variables filled in.
    package func expanded(_ value: (Variable) -> String) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .literal(let literal): text += literal
            case .variable(let variable): text += value(variable)
            }
        }
        return text
    }
}
