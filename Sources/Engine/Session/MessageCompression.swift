internal import Compression
internal import PolicyModel
internal import WebSocketProtocol

/// permessage-deflate of one lane, where the gateway ends it on either side: what comes compressed is inflated, and what goes
/// on is compressed again, or passed on as it came. Messages are whole here.
///
/// A class, since most lanes have none. A connection has streams of its own only for peers that keep their window, made at
/// their first compressed message; all others use those of their worker.
final class MessageCompression {
    /// How a message goes on.
    enum Form {
        case plain
        /// Compressed, as it came.
        case asReceived
        /// Compressed by the gateway.
        case deflated
    }

    private let sender: ContextLedger.Leg?
    private let receiver: ContextLedger.Leg?
    private let settings: InflationSettings
    private var ledger: ContextLedger?
    /// The length of the message that was inflated last, and that has not gone on.
    private var pending: Int?
    /// Whether that may be something else to the receiver than it is to the gateway, as it came.
    private var isAmbiguous = false
    private var ownInflater: SharedStreams.InflaterBox?
    private var ownDeflater: SharedStreams.DeflaterBox?

    /// nil where neither the one who sends nor the one who receives has agreed on the extension.
    init?(from sender: ContextLedger.Leg?, to receiver: ContextLedger.Leg?, _ settings: InflationSettings) {
        guard sender != nil || receiver != nil else { return nil }
        self.sender = sender
        self.receiver = receiver
        self.settings = settings
        ledger = ContextLedger(from: sender, to: receiver)
    }

    /// Whether a message that comes as it is, of `size` bytes where that is known, is to be compressed, and so must be whole. A
    /// sender that could compress and has not is believed to know why.
    func wants(size: Int?) -> Bool {
        sender == nil && canDeflate && size.map { $0 >= settings.minimumBytes } ?? true
    }

    /// Whether what comes compressed may refer to what came before, so that every message has to be inflated.
    var refersBack: Bool { sender?.keepsContext ?? false }

    /// The receiver may have allowed a window that zlib cannot deflate with (8 bits): then nothing is.
    private var canDeflate: Bool { receiver.map { $0.windowBits >= 9 } ?? false }

    /// Puts what `received` inflates to, `limit` bytes at most, into `message`, which is empty. Broken deflate is a breach of
    /// the protocol (RFC 7692 section 7.2.2), one byte too many is `messageTooBig`, and a text must be UTF-8.
    func inflate(
        _ received: Span<UInt8>, _ opcode: Opcode, into message: inout [UInt8], limit: Int, _ shared: SharedStreams
    ) throws(FrameError) {
        withholdPending()
        let keepsContext = sender?.keepsContext ?? false
        do throws(CompressionError) {
            let box = try inflater(shared)
            try box.inflater.inflate(received, into: &message, limit: limit, keepsContext: keepsContext)
            isAmbiguous = box.inflater.hadFinalBlock
        } catch .malformed {
            throw .protocolViolation("compressed data that is not deflate")
        } catch {
            // Too long for its limit, or for the memory that there is.
            throw .messageTooBig
        }
        pending = message.count
        guard opcode == .text else { return }
        var text = UTF8Validator()
        guard text.validate(message.span, 0..<message.count, key: .none), text.isComplete else { throw .invalidUTF8 }
    }

    private func inflater(_ shared: SharedStreams) throws(CompressionError) -> SharedStreams.InflaterBox {
        guard let sender, sender.keepsContext else { return try shared.inflater() }
        if let ownInflater { return ownInflater }
        let made = try SharedStreams.InflaterBox(windowBits: sender.windowBits)
        ownInflater = made
        return made
    }

    /// Decides how a message goes on that has come whole or was inflated last, and compresses it into `deflated`, which is
    /// empty, where that is so. What rules have judged is what the receiver gets: a message with a final block, behind which not
    /// every peer reads on, does not go on as it came.
    func form(
        of message: Span<UInt8>, wasCompressed: Bool, isEdited: Bool, into deflated: inout [UInt8],
        _ shared: SharedStreams
    ) -> Form {
        if wasCompressed, !isEdited, !isAmbiguous, let count = pending, ledger?.mayPassOn(count) ?? false {
            pending = nil
            ledger?.passedOn(count)
            return .asReceived
        }
        withholdPending()
        guard canDeflate, wasCompressed || sender == nil, message.count >= settings.minimumBytes,
            deflate(message, into: &deflated, shared)
        else { return .plain }
        ledger?.sentOwn()
        return .deflated
    }

    /// A compressed message that has not gone on as it came: whoever forgets one has dropped it.
    private func withholdPending() {
        guard let count = pending else { return }
        pending = nil
        ledger?.withheld(count)
    }

    /// False where it does not get shorter, or where there is no memory for it.
    private func deflate(_ message: Span<UInt8>, into deflated: inout [UInt8], _ shared: SharedStreams) -> Bool {
        guard let receiver else { return false }
        let keepsContext = settings.contextTakeover && receiver.keepsContext
        let windowBits = min(receiver.windowBits, settings.windowBits)
        do throws(CompressionError) {
            let deflater: SharedStreams.DeflaterBox
            if !keepsContext {
                deflater = try shared.deflater(windowBits: windowBits, level: settings.level)
            } else if let ownDeflater {
                deflater = ownDeflater
            } else {
                deflater = try SharedStreams.DeflaterBox(windowBits: windowBits, level: settings.level)
                ownDeflater = deflater
            }
            return deflater.deflater.deflate(
                message, into: &deflated, level: settings.level,
                keepsContext: keepsContext && ledger?.mayReferToOwn ?? true)
        } catch {
            return false
        }
    }

    /// What zlib has allocated for this lane alone, in bytes.
    var allocatedBytes: Int {
        (ownInflater?.inflater.allocatedBytes ?? 0) + (ownDeflater?.deflater.allocatedBytes ?? 0)
    }
}
