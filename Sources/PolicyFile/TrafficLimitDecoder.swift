import PolicyModel

extension PolicyDecoder {
    /// A route's `message_rate` and `byte_rate`, each a mapping or a list of them.
    func routeRates(_ fields: Fields, beside chain: DecodedChain) -> [RouteRate] {
        RouteRate.Unit.allCases.flatMap { unit -> [RouteRate] in
            guard let node = fields[unit.rawValue] else { return [] }
            var nodes = [node]
            if case .sequence(let elements) = node.content { nodes = elements }
            return nodes.enumerated().compactMap { index, node in
                checked(node) { routeRate($0, unit, number: index + 1, beside: chain) }
            }
        }
    }

    private func routeRate(
        _ node: YAMLNode, _ unit: RouteRate.Unit, number: Int, beside chain: DecodedChain
    ) -> RouteRate? {
        guard let fields = fields(node, of: unit == .messages ? .messageRate : .byteRate) else {
            return nil
        }
        let limit = trafficLimit(fields, of: unit, beside: chain)
        let from = fields["from"] == nil ? .client : fields.choice("from", MessageRule.Source.self)
        let mode = fields["mode"] == nil ? .enforce : fields.choice("mode", EnforcementMode.self)
        guard let limit, let from, let mode else { return nil }
        return RouteRate(
            unit: unit, from: from, limit: limit, mode: mode,
            name: number == 1 ? unit.rawValue : "\(unit.rawValue)[\(number)]", position: node.position)
    }

    /// `{ rate: 100/1s, burst: 200, key: address, ipv6_prefix: 64, on_exceed: close }`; a rate of bytes has sizes in it.
    func trafficLimit(_ fields: Fields, of unit: RouteRate.Unit, beside chain: DecodedChain) -> TrafficLimit? {
        let rate: Rate?
        let burst: Int?
        switch unit {
        case .messages:
            burst = fields.integer("burst", in: 1...1_000_000)
            rate = fields.required("rate", example: "100/1s") { self.rate($0, "rate") }
        case .bytes:
            burst = fields.size("burst", in: 1...Quantity.maximumRateBytes)
            rate = fields.required("rate", example: "1MiB/1s") { byteRate($0, "rate") }
        }
        let key = fields["key"] == nil ? .connection : fields.choice("key", TrafficLimit.Key.self)
        let prefix = fields.integer("ipv6_prefix", in: 1...128)
        let onExceed = fields["on_exceed"] == nil ? .close : fields.choice("on_exceed", TrafficLimit.Excess.self)
        if fields["ipv6_prefix"] != nil, let key, key != .address {
            refuse(fields.keyPosition("ipv6_prefix"), "`ipv6_prefix` is for `key: address`; this counts by \(key)")
        }
        if key == .subject, !chain.mayTellSubject, let node = fields["key"] {
            refuse(
                node.position,
                "no connection of this route has a subject: `key: subject` needs an enforced `token`, or `authorize` with a `subject_header`"
            )
        }
        guard let rate, let key, let onExceed else { return nil }
        var limit = TrafficLimit(rate: rate, burst: burst ?? rate.count, key: key, onExceed: onExceed)
        limit.ipv6Prefix = prefix ?? limit.ipv6Prefix
        return limit
    }
}
