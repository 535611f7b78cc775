import Foundation
import Glibc
import Locking

/// What a server got on one connection, as text.
struct ReceivedRequest: Sendable, Hashable {
    let connection: Int
    let head: String
    let body: String

    var path: String { String(head.split(separator: " ").dropFirst().first ?? "") }

    func value(_ name: String) -> String? {
        for line in head.split(separator: "\r\n").dropFirst() where line.lowercased().hasPrefix("\(name.lowercased()):")
        {
            return String(line.dropFirst(name.count + 1).drop { $0 == " " })
        }
        return nil
    }
}

/// An HTTP server of this process that answers what the test says, a thread for each connection.
final class ScriptedServer: Sendable {
    /// What follows a request.
    enum Reply: Sendable {
        case bytes(String)
        /// Answers, and closes.
        case last(String)
        /// Says nothing until the client goes.
        case silence
        /// Sends the first, and then so much again and again until the client goes.
        case flood(String, [UInt8])

        /// A whole answer with its length.
        static func ok(_ body: String, _ fields: String = "", status: String = "200 OK") -> Reply {
            .bytes("HTTP/1.1 \(status)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
    }

    let port: UInt16
    private let listener: Int32
    private let received = Lock<[ReceivedRequest]>([])
    private let connections = Lock(0)
    private let reply: @Sendable (ReceivedRequest) -> Reply

    init(_ reply: @escaping @Sendable (ReceivedRequest) -> Reply) {
        self.reply = reply
        let door = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // The address lives as long as the calls, which are told its length.
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            let plain = unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
            _ = unsafe bind(door, plain, length)
            _ = unsafe getsockname(door, plain, &length)
        }
        port = UInt16(bigEndian: address.sin_port)
        listener = door
        listen(door, 64)
        let serve = serve
        Thread.detachNewThread {
            while true {
                let connection = accept(door, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { serve(connection) }
            }
        }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    var requests: [ReceivedRequest] { received.withLock { $0 } }

    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        let number = connections.withLock { count in
            count += 1
            return count
        }
        var pending: [UInt8] = []
        while let request = read(connection, number, &pending) {
            received.withLock { $0.append(request) }
            switch reply(request) {
            case .bytes(let text): write(connection, Array(text.utf8))
            case .last(let text):
                write(connection, Array(text.utf8))
                return
            case .silence:
                while receive(connection) != nil {}
                return
            case .flood(let text, let bytes):
                guard write(connection, Array(text.utf8)) else { return }
                while write(connection, bytes) {}
                return
            }
        }
    }

    private func read(_ connection: Int32, _ number: Int, _ pending: inout [UInt8]) -> ReceivedRequest? {
        while true {
            if let request = Self.take(from: &pending, number) { return request }
            guard let bytes = receive(connection) else { return nil }
            pending += bytes
        }
    }

    private static func take(from pending: inout [UInt8], _ number: Int) -> ReceivedRequest? {
        // A ClientHello: nobody here speaks TLS.
        guard pending.first != 0x16 else { return ReceivedRequest(connection: number, head: "TLS", body: "") }
        let text = String(decoding: pending, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let head = String(text[..<end.lowerBound])
        let bare = ReceivedRequest(connection: number, head: head, body: "")
        let count = Int(bare.value("Content-Length") ?? "0") ?? 0
        guard pending.count >= head.utf8.count + 4 + count else { return nil }
        let body = pending.dropFirst(head.utf8.count + 4).prefix(count)
        defer { pending.removeFirst(head.utf8.count + 4 + count) }
        return ReceivedRequest(connection: number, head: head, body: String(decoding: body, as: UTF8.self))
    }

    private func receive(_ connection: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        // The buffer lives as long as the call, which is told its length.
        let count = unsafe recv(connection, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }

    @discardableResult
    private func write(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let rest = Array(bytes[sent...])
            // As above.
            let count = unsafe send(connection, rest, rest.count, Int32(MSG_NOSIGNAL))
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
