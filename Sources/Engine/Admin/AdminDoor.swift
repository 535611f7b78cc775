internal import Crypto
internal import Glibc
internal import PolicyModel
import Synchronization

/// The door of a policy's `admin`: a loopback address, and the token that opens it.
final class AdminDoor: Sendable {
    /// As the policy has it.
    let address: SocketAddress
    private let socket: TCPSocket
    /// Of the token, which itself is not kept.
    private let tokenDigest: [UInt8]

    /// What listens, which the doors of several policies may share.
    private final class TCPSocket: Sendable {
        /// With the port that the system chose, where the policy left it the choice.
        let address: SocketAddress
        /// Its own; -1 once it is closed.
        private let descriptor: Atomic<Int32>

        init(_ address: SocketAddress) throws(SystemError) {
            let descriptor = try Socket.listen(on: address, backlog: 64)
            self.address = Socket.localAddress(of: descriptor) ?? address
            self.descriptor = Atomic(descriptor.release())
        }

        deinit {
            close()
        }

        var number: Int32 { descriptor.load(ordering: .relaxed) }

        func close() {
            let number = descriptor.exchange(-1, ordering: .relaxed)
            if number >= 0 { _ = Descriptor(owning: number) }
        }
    }

    /// Reads the token, and listens, or goes on with the socket of the door `before` where that has the same address. nil where
    /// the policy has no such door. `resolve` turns a policy's path into one of the file system.
    static func open(
        _ policy: AdminPolicy?, resolve: (String) -> String, after before: AdminDoor?
    ) throws(PlacedError) -> AdminDoor? {
        guard let policy else { return nil }
        let file = resolve(policy.tokenFile)
        do throws(AdminTokenFile.Problem) {
            let digest = Digest.sha256(try AdminTokenFile.token(file))
            if let before, before.address == policy.address { return AdminDoor(before, tokenDigest: digest) }
            return try AdminDoor(policy.address, tokenDigest: digest)
        } catch {
            throw PlacedError(position: policy.position, what: error.description)
        }
    }

    private init(_ address: SocketAddress, tokenDigest: [UInt8]) throws(AdminTokenFile.Problem) {
        self.address = address
        self.tokenDigest = tokenDigest
        do throws(SystemError) {
            socket = try TCPSocket(address)
        } catch {
            throw AdminTokenFile.Problem(description: "`admin.address` cannot be listened on: \(error)")
        }
    }

    private init(_ before: AdminDoor, tokenDigest: [UInt8]) {
        address = before.address
        socket = before.socket
        self.tokenDigest = tokenDigest
    }

    /// What listens; -1 once it is closed. For the thread alone that closes it: a number that is closed may be another's.
    var number: Int32 { socket.number }

    /// With the port that the system chose, where the policy left it the choice.
    var boundAddress: SocketAddress { socket.address }

    /// Whether both go on with one socket.
    func hasSocket(of other: AdminDoor) -> Bool { socket === other.socket }

    /// Listens no more, whoever still holds this door or another one of its socket.
    func close() { socket.close() }

    /// Whether an `Authorization` field shows the token. The time that it takes does not depend on the token.
    func admits(authorization: String?) -> Bool {
        let words = (authorization ?? "").utf8.split(separator: UInt8(ascii: " "), maxSplits: 1)
        let isBearer = words.count == 2 && words[0].count == 6 && String(words[0])?.lowercased() == "bearer"
        return Digest.equal(Digest.sha256(Array(isBearer ? words[1] : ""[...].utf8)), tokenDigest) && isBearer
    }
}

/// The file that holds the token of an admin door.
package enum AdminTokenFile {
    /// Fewer could be guessed.
    static let minimumCharacters = 32
    private static let maximumBytes = 4096

    /// Why there is no door of this file.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    /// Throws where a gateway could not open a door by this file.
    package static func check(_ path: String) throws(Problem) { _ = try token(path) }

    /// The token in the file, without the end of its line.
    static func token(_ path: String) throws(Problem) -> [UInt8] {
        // Not made to wait by something that is no file.
        let descriptor = Descriptor(owning: unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
        var info = stat()
        guard descriptor.number >= 0, unsafe fstat(descriptor.number, &info) == 0 else {
            throw Problem(
                description: "the admin token file cannot be read; make one with "
                    + "`(umask 077; openssl rand -hex 32 > \(path))`: \(SystemError("open \(path)"))")
        }
        guard info.st_mode & S_IFMT == S_IFREG else { throw Problem(description: "\(path) is not a file") }
        guard info.st_mode & 0o077 == 0 else {
            throw Problem(description: "\(path) holds a secret and is open to other users; run `chmod 600 \(path)`")
        }
        var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor.number, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw Problem(description: "\(SystemError("read \(path)"))") }
        var token = bytes.prefix(count)
        while let last = token.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { token.removeLast() }
        guard (minimumCharacters...maximumBytes).contains(token.count), token.allSatisfy({ (0x21...0x7e).contains($0) })
        else {
            throw Problem(
                description: "\(path) must hold one token of at least \(minimumCharacters) visible ASCII characters, "
                    + "without spaces; make one with `openssl rand -hex 32`")
        }
        return Array(token)
    }
}
