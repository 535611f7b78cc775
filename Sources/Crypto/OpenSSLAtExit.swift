internal import COpenSSL

/// How OpenSSL ends with its process.
package enum OpenSSLAtExit {
    /// Has OpenSSL leave all it holds to the system. Otherwise it would clean up when the process exits, under the hands of
    /// threads that still use it. To be called before anything else of OpenSSL is.
    package static func doNothing() {
        _ = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }
}
