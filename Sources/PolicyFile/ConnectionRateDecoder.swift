import PolicyModel

extension MiddlewareDecoder {
    static let connectionRate = MiddlewareDecoder(
        name: "connection_rate", mapping: .connectionRate, runsBeforeTLS: true
    ) { decoder, fields in
        let burst = fields.integer("burst", in: 1...1_000_000)
        let prefix = fields.integer("ipv6_prefix", in: 1...128)
        guard let rate = fields.required("rate", example: "10/1m", { decoder.rate($0, "rate") }) else {
            return nil
        }
        var settings = ConnectionRateSettings(rate: rate, burst: burst ?? rate.count)
        settings.ipv6Prefix = prefix ?? settings.ipv6Prefix
        return .connectionRate(settings)
    }
}
