import PolicyModel

extension MiddlewareDecoder {
    static let connectionLimit = MiddlewareDecoder(
        name: "connection_limit", mapping: .connectionLimit, runsBeforeTLS: true
    ) { decoder, fields in
        let prefix = fields.integer("ipv6_prefix", in: 1...128)
        guard fields.required("maximum", example: "20") != nil,
            let maximum = fields.integer("maximum", in: 1...1_000_000)
        else { return nil }
        var settings = ConnectionLimitSettings(maximum: maximum)
        settings.ipv6Prefix = prefix ?? settings.ipv6Prefix
        return .connectionLimit(settings)
    }
}
