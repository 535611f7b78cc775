internal import COpenSSL
internal import CPlatform
internal import Glibc

/// Two ticket keys in a page of their own, which is neither swapped nor dumped where the system allows that.
///
/// Safe: the page is as long as both keys, and belongs to this value alone.
@safe struct TicketKeyRing: ~Copyable, Sendable {
    // SSL_CTX_set_tlsext_ticket_key_evp_cb(3): what its callback answers.
    static let failure: Int32 = -1
    static let unknown: Int32 = 0
    static let usable: Int32 = 1
    /// Usable, and the client is to have a new ticket in its place.
    static let renewable: Int32 = 2

    private static let pageBytes = 4096
    private static let nameBytes = 16
    private static let blockBytes = 16
    private static let secretBytes = 32
    private static let keyBytes = nameBytes + 2 * secretBytes

    /// Fetched once: a name would be looked up for each ticket.
    // Immutable, and OpenSSL counts its references atomically.
    nonisolated(unsafe) private static let cipher = unsafe EVP_CIPHER_fetch(nil, "AES-256-CBC", nil)

    // Allocated in init and freed in deinit; whoever holds the value reads and writes it alone.
    nonisolated(unsafe) private let page: UnsafeMutableRawPointer
    /// 0 or 1: the place of the key that seals.
    private var current = 0
    private var hasPrevious = false
    private var madeAt: Int64

    init(now: Int64) {
        unsafe page = UnsafeMutableRawPointer.allocate(byteCount: Self.pageBytes, alignment: Self.pageBytes)
        // Neither is needed for the keys to work: a container may not have the right to lock memory.
        unsafe _ = mlock(page, Self.pageBytes)
        unsafe _ = madvise(page, Self.pageBytes, MADV_DONTDUMP)
        madeAt = now
        makeKey()
    }

    deinit {
        unsafe OPENSSL_cleanse(page, Self.pageBytes)
        unsafe _ = madvise(page, Self.pageBytes, MADV_DODUMP)
        unsafe _ = munlock(page, Self.pageBytes)
        unsafe page.deallocate()
    }

    /// See ``TicketKeys/rotate(now:)``.
    mutating func rotate(now: Int64) -> Int64 {
        let age = now - madeAt
        guard age >= TicketKeys.period else { return madeAt + TicketKeys.period }
        // Where nobody has asked for long, what was current should have been forgotten by now.
        hasPrevious = age < 2 * TicketKeys.period
        if !hasPrevious { unsafe OPENSSL_cleanse(key(current), Self.keyBytes) }
        current = 1 - current
        madeAt = now
        makeKey()
        return now + TicketKeys.period
    }

    /// Prepares `cipher` and `mac` for a new ticket, and says in its head which key and initial vector they have.
    func seal(
        _ name: UnsafeMutablePointer<UInt8>, _ initialVector: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer,
        _ mac: OpaquePointer
    ) -> Int32 {
        let key = unsafe key(current)
        // OpenSSL gives 16 bytes of room for each.
        unsafe UnsafeMutableRawPointer(name).copyMemory(from: key, byteCount: Self.nameBytes)
        unsafe SecureRandom.fill(UnsafeMutableRawBufferPointer(start: initialVector, count: Self.blockBytes))
        let isReady =
            unsafe EVP_EncryptInit_ex2(cipher, Self.cipher, secret(0, of: key), initialVector, nil) == 1
            && cp_mac_set_sha256_key(mac, secret(1, of: key), Self.secretBytes) == 1
        return isReady ? Self.usable : Self.failure
    }

    /// Prepares `cipher` and `mac` to read a ticket, where its key is known.
    func open(
        _ name: UnsafePointer<UInt8>, _ initialVector: UnsafePointer<UInt8>, _ cipher: OpaquePointer,
        _ mac: OpaquePointer
    ) -> Int32 {
        let place: Int
        if unsafe memcmp(name, key(current), Self.nameBytes) == 0 {
            place = current
        } else if hasPrevious, unsafe memcmp(name, key(1 - current), Self.nameBytes) == 0 {
            place = 1 - current
        } else {
            return Self.unknown
        }
        let key = unsafe key(place)
        let isReady =
            unsafe cp_mac_set_sha256_key(mac, secret(1, of: key), Self.secretBytes) == 1
            && EVP_DecryptInit_ex2(cipher, Self.cipher, secret(0, of: key), initialVector, nil) == 1
        guard isReady else { return Self.failure }
        return place == current ? Self.usable : Self.renewable
    }

    /// Writes a new key over the one that stands in the current place.
    private func makeKey() {
        unsafe SecureRandom.fill(UnsafeMutableRawBufferPointer(start: key(current), count: Self.keyBytes))
    }

    /// A name, which stands in each ticket as it is, then two secrets: for the cipher and for the MAC.
    private func key(_ place: Int) -> UnsafeMutableRawPointer {
        unsafe page + place * Self.keyBytes
    }

    private func secret(_ index: Int, of key: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt8> {
        unsafe (key + Self.nameBytes + index * Self.secretBytes).assumingMemoryBound(to: UInt8.self)
    }
}
