internal import PolicyModel
internal import Tokens
internal import WebSocketProtocol

/// Who asks.
enum AdminPeer: Sendable, CustomStringConvertible {
    /// Over the socket in the state folder.
    case process(UnixSocket.Credentials)
    /// Over the policy's `admin`.
    case address(SocketAddress)

    /// For the operational log.
    var description: String {
        switch self {
        case .process(let credentials): "process \(credentials.process), user \(credentials.user)"
        case .address(let address): "\(address)"
        }
    }
}

/// What an operator asks.
struct AdminRequest: Sendable {
    let head: RequestHead
    let body: [UInt8]
    let peer: AdminPeer

    /// What the query says.
    func query(_ known: [String]) throws(AdminRefusal) -> AdminFields {
        var members: [String: ClaimValue] = [:]
        for item in head.target.queryItems {
            guard members.updateValue(.string(item.value), forKey: item.name) == nil else {
                throw .malformed("the query names `\(item.name)` twice")
            }
        }
        return try AdminFields(members, known: known)
    }

    /// What the body says, a JSON object.
    func object(_ known: [String]) throws(AdminRefusal) -> AdminFields {
        guard case .object(let members)? = JSON.decode(body) else {
            throw .malformed("the body must be a JSON object, such as {\"\(known.first ?? "")\": …}")
        }
        return try AdminFields(members, known: known)
    }
}

/// The settings of a request, by their names. In a query all values are texts.
struct AdminFields: CustomStringConvertible {
    private let members: [String: ClaimValue]

    /// No other names than these may stand there.
    init(_ members: [String: ClaimValue], known: [String]) throws(AdminRefusal) {
        if let unknown = members.keys.sorted().first(where: { !known.contains($0) }) {
            throw .malformed(
                known.isEmpty
                    ? "this request takes no settings; leave `\(unknown)` out"
                    : "`\(unknown)` is not known here; there are \(known.map { "`\($0)`" }.joined(separator: ", "))")
        }
        self.members = members.filter { $0.value != .null }
    }

    /// For the operational log, of a request that holds no secret.
    var description: String { String(decoding: JSON.encode(.object(members)), as: UTF8.self) }

    subscript(name: String) -> ClaimValue? { members[name] }

    /// nil where it is not there.
    func text(_ name: String) throws(AdminRefusal) -> String? {
        switch members[name] {
        case nil: return nil
        case .string(let text): return text
        default: throw .malformed("`\(name)` must be a text")
        }
    }

    /// nil where it is not there. An empty one, which is most often a variable that nobody has set, is refused.
    func filledText(_ name: String) throws(AdminRefusal) -> String? {
        guard let text = try text(name) else { return nil }
        guard !text.isEmpty else { throw .malformed("`\(name)` must not be empty") }
        return text
    }

    func texts(_ name: String) throws(AdminRefusal) -> [String] {
        switch members[name] {
        case nil: return []
        case .string(let text): return [text]
        case .array(let values):
            let texts = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
            guard texts.count == values.count else { fallthrough }
            return texts
        default: throw .malformed("`\(name)` must be a list of texts")
        }
    }

    func number(_ name: String, _ range: ClosedRange<Int64>) throws(AdminRefusal) -> Int64? {
        let number: Int64?
        switch members[name] {
        case nil: return nil
        case .integer(let value): number = value
        case .string(let text): number = Int64(text)
        default: number = nil
        }
        guard let number, range.contains(number) else {
            throw .malformed("`\(name)` must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A JSON boolean alone, which no query has.
    func flag(_ name: String) throws(AdminRefusal) -> Bool {
        switch members[name] {
        case nil, .boolean(false): return false
        case .boolean(true): return true
        default: throw .malformed("`\(name)` must be true or false")
        }
    }
}
