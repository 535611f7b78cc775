internal import Middleware
internal import WebSocketProtocol

/// Reads a client's first message, which is the gateway's own: one text, and nothing but pings before it. A class, so that a
/// session's phase stays small.
final class FirstMessageReader {
    enum Outcome {
        case needsMore
        /// The message, and where in the bytes it ended.
        case message([UInt8], end: Int)
        /// Something else, which is no token.
        case refused
        case closed(ClosePayload)
        case failed(FrameError)
    }

    let suspension: Suspension
    let demand: FirstMessageDemand
    private var parser: FrameParser
    private var assembler = MessageAssembler()
    private var outlet: Outlet

    init(_ demand: FirstMessageDemand, of suspension: Suspension, client: Channel) {
        self.demand = demand
        self.suspension = suspension
        parser = FrameParser(
            sender: .client, limits: MessageLimits(messageBytes: demand.maximumBytes, fragments: Self.maximumFragments))
        outlet = Outlet(channel: client, masks: false)
    }

    private static let maximumFragments = 256

    /// Takes bytes of the client; pings are answered.
    func receive(_ bytes: Span<UInt8>, _ random: inout RandomPool) -> Outcome {
        var offset = 0
        do throws(FrameError) {
            while let event = try parser.next(in: bytes, at: &offset) {
                switch event {
                case .frame(let header):
                    guard header.opcode != .binary else { return .refused }
                    if header.opcode != .continuation { assembler.begin(header.opcode) }
                case .payload(let range, let key, _, let endsMessage):
                    assembler.append(bytes, range, key: key)
                    if endsMessage, let message = assembler.finish() { return .message(message.payload, end: offset) }
                case .control(.ping):
                    parser.withControlPayload { outlet.sendPong($0, &random) }
                case .control(.close):
                    return .closed(parser.withControlPayload { ClosePayload($0) } ?? ClosePayload(code: nil))
                case .control:
                    continue
                }
            }
        } catch {
            // Too long to be a token is no token; the limit is not one of the route's messages.
            return error == .messageTooBig ? .refused : .failed(error)
        }
        outlet.sendPending(&random)
        return .needsMore
    }
}
