/// Every mapping of the policy language.
enum PolicyMapping: String, Sendable, CaseIterable {
    case policy, gatewayLimits, admin
    case listener, tls, certificate, clientCertificates, admissionEntry, listenerLimits
    case upstream
    case tokenIssuer, builtin, jwt, keys, requiredClaim
    case route, match, routeLimits, timeouts, compression, messageRate, byteRate
    case middlewareEntry, ipFilter, connectionRate, connectionLimit, origin
    case token, carrier, headerCarrier, ticket, firstMessage, renew, failures
    case authorize, cache
    case headers, requestEdits, responseEdits
    case identityAssertion
    case messageRule
    case condition, size, text, json, binary, claim, query, valueDemand
    case action, allow, drop, close, replace, set, remove, reply, limit, schema, log

    /// What may stand in it.
    var description: MappingDescription { Self.descriptions[self] ?? MappingDescription.unknown }

    /// The names of its keys.
    var keyNames: [String] { description.keys.map(\.name) }

    private static let descriptions: [PolicyMapping: MappingDescription] =
        gatewayMappings
        .merging(issuerMappings) { $1 }
        .merging(routeMappings) { $1 }
        .merging(middlewareMappings) { $1 }
        .merging(tokenMappings) { $1 }
        .merging(conditionMappings) { $1 }
        .merging(actionMappings) { $1 }
}

extension MappingDescription {
    /// No mapping has it: a test looks.
    static let unknown = MappingDescription(subject: "this", meaning: "", keys: [])
}
