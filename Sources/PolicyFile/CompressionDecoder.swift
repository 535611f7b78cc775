import PolicyModel

enum CompressionMode: String, CaseIterable {
    case strip
    case passthrough
    case inspect
}

extension PolicyDecoder {
    /// `strip`, `passthrough` or `inspect`, or a mapping with one of these as its `mode`.
    func compression(_ node: YAMLNode) -> CompressionPolicy? {
        guard case .mapping = node.content else {
            return choice(node, "compression", CompressionMode.self).map { policy($0, InflationSettings()) }
        }
        guard let fields = fields(node, of: .compression) else { return nil }
        let contextTakeover = fields.boolean("context_takeover") ?? false
        let windowBits = fields.integer("window_bits", in: 9...15)
        let level = fields.integer("level", in: 1...9)
        let minimumBytes = fields.size("minimum_bytes", in: 1...1 << 30)
        guard let mode = fields.required("mode", example: "inspect", { choice($0, "mode", CompressionMode.self) })
        else { return nil }
        for key in PolicyMapping.compression.keyNames where key != "mode" && mode != .inspect && fields[key] != nil {
            refuse(
                fields.keyPosition(key),
                "`\(key)` is for `mode: inspect`; with `\(mode.rawValue)` the gateway compresses nothing itself")
        }
        let defaults = InflationSettings(contextTakeover: contextTakeover, windowBits: windowBits)
        return policy(
            mode,
            InflationSettings(
                contextTakeover: contextTakeover, windowBits: windowBits, level: level ?? defaults.level,
                minimumBytes: minimumBytes ?? defaults.minimumBytes))
    }

    private func policy(_ mode: CompressionMode, _ settings: InflationSettings) -> CompressionPolicy {
        switch mode {
        case .strip: .strip
        case .passthrough: .passthrough
        case .inspect: .inspect(settings)
        }
    }

    /// What passes compressed cannot be read, and is not agreed on before the upstream has been asked. None of it may be missing:
    /// peers that keep their window read each message by those before it.
    func checkPassthrough(
        _ compression: CompressionPolicy?, _ fields: Fields, _ chain: DecodedChain, _ rates: [RouteRate]
    ) {
        guard compression == .passthrough, let position = fields["compression"]?.position else { return }
        if let messages = fields["messages"], !messages.isEmptyList {
            refuse(
                position,
                "`compression: passthrough` leaves messages unread, and `messages` in line \(fields.keyPosition("messages").line) would read them; use `inspect`, or `strip`"
            )
        }
        for rate in rates where rate.limit.onExceed == .drop && rate.mode == .enforce {
            refuse(
                position,
                "with `compression: passthrough` the peers could not read what follows a message that the `\(rate.unit.rawValue)` in line \(rate.position.line) drops; have that `close` or `delay`, or use `inspect`, or `strip`"
            )
        }
        for entry in chain.entries {
            guard case .token(let token) = entry.settings else { continue }
            if token.renewalPointer != nil {
                refuse(
                    position,
                    "`compression: passthrough` leaves messages unread, and `renew` of the `token` in line \(entry.position.line) would read them; use `inspect`, or `strip`"
                )
            }
            if token.firstMessage != nil {
                refuse(
                    position,
                    "with `first_message` in the `token` in line \(entry.position.line) the 101 goes out before the upstream is asked, so that nothing can be agreed on with it; use `inspect`, or `strip`"
                )
            }
        }
    }
}

extension YAMLNode {
    fileprivate var isEmptyList: Bool {
        if case .sequence(let elements) = content { elements.isEmpty } else { false }
    }
}
