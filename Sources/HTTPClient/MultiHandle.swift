internal import CCurl
internal import CCurlOptions

/// Owns one `CURLM`.
///
/// Unchecked: `curl_multi_wakeup` may be called from any thread, and nothing else is called by any but the client's own.
/// Safe: the pointer is valid as long as the object is.
@safe final class MultiHandle: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer

    // Once for the process, before anything else of curl's; OpenSSL is told how to behave before that.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(connections: Int) throws(HTTPFailure) {
        guard Self.isReady, let pointer = unsafe curl_multi_init() else {
            throw .unreachable("libcurl cannot be started")
        }
        unsafe self.pointer = unsafe pointer
        // Kept for the next request, all hosts together.
        _ = unsafe cco_multi_set_number(pointer, CURLMOPT_MAXCONNECTS, connections)
    }

    deinit {
        // All transfers have been taken out: those who start them end them.
        unsafe curl_multi_cleanup(pointer)
    }

    /// Ends a wait, or the next one.
    func wake() {
        unsafe curl_multi_wakeup(pointer)
    }

    /// Until something has come, something is due, it is woken, or so long.
    func wait(milliseconds: Int32) {
        unsafe curl_multi_poll(pointer, nil, 0, milliseconds, nil)
    }
}
