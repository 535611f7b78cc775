internal import COpenSSL
internal import CPlatform

/// Where the TLS sessions of one thread take encrypted bytes from and put them: a window of bytes that have just been
/// received, and a buffer of bytes to be sent. One for each event loop, so that an idle session holds neither.
///
/// Not `Sendable`: it belongs to the thread of the sessions that use it.
@safe package final class TLSTransfer {
    // The window is lent for the length of one call of `withInput`; outside of it the count is zero.
    fileprivate var input = unsafe UnsafeRawPointer(bitPattern: 0)
    fileprivate var inputCount = 0
    private var output: UnsafeMutableRawPointer
    private var outputCapacity: Int
    private var outputBytes = 0

    private static let initialCapacity = 128 * 1024

    /// Encrypted bytes that wait to be taken by ``takeOutput(_:)``.
    package var outputCount: Int { outputBytes }

    package init() {
        outputCapacity = Self.initialCapacity
        unsafe output = UnsafeMutableRawPointer.allocate(byteCount: Self.initialCapacity, alignment: 64)
    }

    deinit {
        // Allocated in init or append, and freed here alone.
        unsafe output.deallocate()
    }

    /// Lets sessions read `bytes` while `body` runs. What they have not taken by then is lost, so `body` reads until the
    /// session asks for more.
    package func withInput<R>(_ bytes: UnsafeRawBufferPointer, _ body: () -> R) -> R {
        unsafe input = bytes.baseAddress
        inputCount = bytes.count
        defer {
            unsafe input = nil
            inputCount = 0
        }
        return body()
    }

    /// Whether the sessions have taken all of the input.
    var isInputTaken: Bool { inputCount == 0 }

    /// Hands over what the sessions have written, and forgets it.
    package func takeOutput<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        // `outputBytes` never passes `outputCapacity`.
        let bytes = unsafe UnsafeRawBufferPointer(start: output, count: outputBytes)
        outputBytes = 0
        return unsafe body(bytes)
    }

    fileprivate func append(_ bytes: UnsafeRawPointer, _ count: Int) {
        if outputCapacity - outputBytes < count {
            let capacity = max(outputCapacity * 2, outputBytes + count)
            // The old bytes are moved before their buffer is freed.
            let grown = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
            unsafe grown.copyMemory(from: output, byteCount: outputBytes)
            unsafe output.deallocate()
            unsafe output = grown
            outputCapacity = capacity
        }
        // Room for `count` was made above.
        unsafe (output + outputBytes).copyMemory(from: bytes, byteCount: count)
        outputBytes += count
    }

    fileprivate func take(_ target: UnsafeMutableRawPointer, _ count: Int) -> Int {
        let taken = min(count, inputCount)
        guard taken > 0, let source = unsafe input else { return 0 }
        // OpenSSL gives `count` bytes of room, and `taken` is no more than either side has.
        unsafe target.copyMemory(from: source, byteCount: taken)
        unsafe input = source + taken
        inputCount -= taken
        return taken
    }
}

/// The BIO method that stands between OpenSSL and a ``TLSTransfer``.
///
/// A BIO's data is an unretained reference: the ``TLSSession`` that owns the BIO keeps its transfer alive.
enum TransferBIO {
    /// Made once; nil only where OpenSSL has no memory, and then no session is made.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        // Written once before any use, and only read afterwards.
        guard let method = unsafe BIO_meth_new(BIO_get_new_index() | sourceSinkType, "portcullis") else {
            return nil
        }
        unsafe BIO_meth_set_read(method) { bio, target, count in
            guard let bio = unsafe bio, let target = unsafe target, count > 0,
                let transfer = unsafe TransferBIO.transfer(of: bio)
            else { return -1 }
            let taken = unsafe transfer._withUnsafeGuaranteedRef {
                unsafe $0.take(UnsafeMutableRawPointer(target), Int(count))
            }
            guard taken > 0 else {
                unsafe cp_bio_set_retry_read(bio)
                return -1
            }
            unsafe cp_bio_clear_retry(bio)
            return Int32(taken)
        }
        unsafe BIO_meth_set_write(method) { bio, bytes, count in
            guard let bio = unsafe bio, let bytes = unsafe bytes, count > 0,
                let transfer = unsafe TransferBIO.transfer(of: bio)
            else { return -1 }
            unsafe transfer._withUnsafeGuaranteedRef { unsafe $0.append(UnsafeRawPointer(bytes), Int(count)) }
            return count
        }
        unsafe BIO_meth_set_ctrl(method) { _, command, _, _ in
            // Nothing is buffered, so a flush has always succeeded; other questions get OpenSSL's "no".
            command == BIO_CTRL_FLUSH ? 1 : 0
        }
        unsafe BIO_meth_set_create(method) { bio in
            unsafe BIO_set_init(bio, 1)
            return 1
        }
        return unsafe method
    }()

    private static let sourceSinkType: Int32 = 0x0400

    /// A BIO over `transfer`, which must outlive it.
    static func make(over transfer: TLSTransfer) -> OpaquePointer? {
        guard let method = unsafe method, let bio = unsafe BIO_new(method) else { return nil }
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(transfer).toOpaque())
        return unsafe bio
    }

    private static func transfer(of bio: OpaquePointer) -> Unmanaged<TLSTransfer>? {
        // Set in `make` to a transfer that the BIO's session keeps alive.
        guard let data = unsafe BIO_get_data(bio) else { return nil }
        return unsafe Unmanaged<TLSTransfer>.fromOpaque(data)
    }
}
