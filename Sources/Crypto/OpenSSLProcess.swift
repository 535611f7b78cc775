internal import COpenSSL
internal import CPlatform

/// What concerns all of OpenSSL in this process.
package enum OpenSSLProcess {
    /// Has OpenSSL keep the buffers for records that it takes and gives back with every message, and leave all it holds to
    /// the system when the process exits: otherwise it would clean up under the hands of threads that still use it.
    ///
    /// To be called before anything else of OpenSSL is; later it changes nothing.
    package static func prepare() {
        _ = cp_keep_record_buffers()
        _ = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }
}
