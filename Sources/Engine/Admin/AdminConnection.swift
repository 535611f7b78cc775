internal import Glibc
internal import WebSocketProtocol

/// One connection of an operator's, on a thread of its own: a request, an answer, the end. Each of the three has an absolute
/// deadline.
struct AdminConnection: ~Copyable {
    /// What it may take, in milliseconds.
    struct Patience: Sendable {
        /// Until the whole request is here. Shorter than commands wait for an answer: who crowds the door must not outlast them.
        var request = 3000
        /// Until the whole answer is gone.
        var answer = 30_000
        /// Until the peer has closed its side.
        var end = 1000
    }

    static let maximumHeadBytes = 16 * 1024
    static let maximumBodyBytes = 64 * 1024

    private let descriptor: Descriptor
    private let patience: Patience

    init(_ descriptor: consuming Descriptor, patience: Patience = Patience()) {
        self.descriptor = descriptor
        self.patience = patience
    }

    /// Reads a request, and answers it with what `respond` says. Nothing is said to a peer that has said nothing.
    func serve(from peer: AdminPeer, _ respond: (AdminRequest) -> AdminAnswer) {
        var isHead = false
        let answer: AdminAnswer
        do throws(AdminRefusal) {
            guard let (head, body) = try receive() else { return }
            isHead = head.method == "HEAD"
            answer = respond(AdminRequest(head: head, body: body, peer: peer))
        } catch {
            answer = error.answer
        }
        send(answer.serialized(headOnly: isHead))
        finish()
    }

    // MARK: - The request

    /// nil where nothing has come.
    private func receive() throws(AdminRefusal) -> (RequestHead, body: [UInt8])? {
        let deadline = Self.deadline(patience.request)
        var parser = RequestHeadParser(maximumBytes: Self.maximumHeadBytes)
        var isEmpty = true
        while true {
            guard let bytes = try receive(until: deadline) else {
                if isEmpty { return nil }
                throw .malformed("the request ended before its head did")
            }
            isEmpty = false
            let consumed: Int
            let head: RequestHead?
            do throws(HandshakeError) {
                (consumed, head) = try parser.receive(bytes.span)
            } catch {
                throw Self.refusal(error)
            }
            if let head { return (head, try body(of: head, begun: Array(bytes[consumed...]), until: deadline)) }
        }
    }

    private func body(
        of head: RequestHead, begun: [UInt8], until deadline: Nanoseconds
    ) throws(AdminRefusal) -> [UInt8] {
        let count = try Self.bodyBytes(head.headers)
        // RFC 9110 section 10.1.1: who asks for it waits for it.
        if begun.isEmpty, count > 0,
            head.headers.listValues("Expect").contains(where: { $0.lowercased() == "100-continue" })
        {
            send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        }
        var body = begun
        while body.count < count {
            guard let bytes = try receive(until: deadline) else {
                throw .malformed("the request ended before its body did")
            }
            body += bytes
        }
        // Nothing is asked a second time on a connection (Connection: close).
        return Array(body.prefix(count))
    }

    /// RFC 9112 section 6.3.
    private static func bodyBytes(_ headers: HeaderFields) throws(AdminRefusal) -> Int {
        guard !headers.contains("Transfer-Encoding") else {
            throw AdminRefusal(
                status: 411, error: "length-required", message: "send the body whole, with Content-Length")
        }
        let lengths = headers.values("Content-Length")
        guard let length = lengths.first else { return 0 }
        guard lengths.count == 1, (1...19).contains(length.utf8.count),
            length.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { throw .malformed("Content-Length is not one number") }
        guard let count = Int(length), count <= maximumBodyBytes else {
            throw AdminRefusal(
                status: 413, error: "body-too-large", message: "a body may have \(maximumBodyBytes) bytes")
        }
        return count
    }

    private static func refusal(_ error: HandshakeError) -> AdminRefusal {
        switch error {
        case .malformedRequest(let detail), .malformedUpgrade(let detail): .malformed("not HTTP/1.1: \(detail)")
        case .headersTooLarge:
            AdminRefusal(
                status: 431, error: "headers-too-large",
                message: "the head of a request may have \(maximumHeadBytes) bytes and 100 fields")
        case .upgradeRequired, .versionUnsupported: .malformed("not HTTP/1.1")
        }
    }

    // MARK: - Bytes

    /// What has come next; nil at the end.
    private func receive(until deadline: Nanoseconds) throws(AdminRefusal) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            switch unsafe bytes.withUnsafeMutableBytes({ unsafe Socket.receive(descriptor.number, into: $0) }) {
            case .bytes(let count): return Array(bytes.prefix(count))
            case .ended, .failed: return nil
            case .nothing: break
            }
            guard wait(for: Int16(POLLIN), until: deadline) else {
                throw AdminRefusal(
                    status: 408, error: "request-timeout",
                    message: "the request was not whole within \(patience.request / 1000) s")
            }
        }
    }

    private func send(_ bytes: [UInt8]) {
        let deadline = Self.deadline(patience.answer)
        var rest = bytes[...]
        while !rest.isEmpty {
            switch unsafe rest.withUnsafeBytes({ unsafe Socket.send(descriptor.number, $0) }) {
            case .failed: return
            case .sent(0): guard wait(for: Int16(POLLOUT), until: deadline) else { return }
            case .sent(let count): rest = rest.dropFirst(count)
            }
        }
    }

    /// Ends the stream, and waits for the peer to do the same: closed before that, the answer could be lost to a reset.
    private func finish() {
        Socket.endSending(descriptor.number)
        let deadline = Self.deadline(patience.end)
        var bytes = [UInt8](repeating: 0, count: 16 * 1024)
        while SystemClock.monotonic() < deadline {
            switch unsafe bytes.withUnsafeMutableBytes({ unsafe Socket.receive(descriptor.number, into: $0) }) {
            case .bytes: continue
            case .ended, .failed: return
            case .nothing: guard wait(for: Int16(POLLIN), until: deadline) else { return }
            }
        }
    }

    private static func deadline(_ milliseconds: Int) -> Nanoseconds {
        SystemClock.monotonic().saturatingAdd(Nanoseconds(milliseconds) * 1_000_000)
    }

    /// False where that has not come by the deadline.
    private func wait(for events: Int16, until deadline: Nanoseconds) -> Bool {
        while true {
            let left = deadline - SystemClock.monotonic()
            guard left > 0 else { return false }
            var watched = pollfd(fd: descriptor.number, events: events, revents: 0)
            let count = unsafe poll(&watched, 1, Int32(clamping: left / 1_000_000 + 1))
            if count > 0 { return true }
            guard count == 0 || errno == EINTR else { return false }
        }
    }
}
