internal import CCurl
internal import CCurlOptions
internal import WebSocketProtocol

/// One request on its way, and what has come of its answer. Of the client's thread alone.
///
/// Safe: the pointers are valid as long as the object is, and curl is done with them when it goes.
@safe final class Transfer {
    let handle: UnsafeMutableRawPointer
    private let submission: HTTPClient.Submission
    private var fields: UnsafeMutablePointer<curl_slist>?
    /// Where curl writes what has gone wrong.
    private let reason: UnsafeMutablePointer<CChar>
    private var answer = AnswerReader()

    /// For how many seconds libcurl keeps what it has read of a file of authorities: to read a large one costs as much as many
    /// requests, and one that was renewed counts after that.
    private static let authoritiesKept = 60

    /// nil where curl does not take it.
    init?(_ submission: HTTPClient.Submission) {
        guard let handle = unsafe curl_easy_init() else { return nil }
        unsafe self.handle = unsafe handle
        self.submission = submission
        unsafe reason = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe reason.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        guard configure(submission.request) else { return nil }
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe curl_slist_free_all(fields)
        unsafe reason.deallocate()
    }

    // MARK: - What is asked

    private func configure(_ request: HTTPRequest) -> Bool {
        guard configureBounds(), configureTrust(request), text(CURLOPT_URL, request.url) else { return false }
        if let path = request.unixSocket, !text(CURLOPT_UNIX_SOCKET_PATH, path) { return false }
        for field in request.headers.fields {
            // A field without a value ends in a semicolon here (CURLOPT_HTTPHEADER).
            guard add(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)") else { return false }
        }
        switch request.method {
        case .get: break
        case .head: guard number(CURLOPT_NOBODY, 1) else { return false }
        case .post:
            // What curl would say by itself is not what the caller has said.
            guard add("Expect:"), request.headers.values("Content-Type").isEmpty ? add("Content-Type:") : true,
                number(CURLOPT_POST, 1), body(request.body)
            else { return false }
        }
        answer.maximumBodyBytes = request.maximumBodyBytes
        // Unsafe: the list, the buffer and this object outlive the handle, which is cleaned up first; curl calls the two
        // functions with what it was given, on this thread.
        return unsafe cco_set_fields(handle, fields) == CURLE_OK
            && cco_set_error_buffer(handle, reason) == CURLE_OK
            && cco_set_receivers(
                handle, receiveField, receiveBody, Unmanaged.passUnretained(self).toOpaque()) == CURLE_OK
    }

    private func configureBounds() -> Bool {
        let left = SuspendingClock.now.duration(to: submission.deadline).wholeMilliseconds
        return number(CURLOPT_TIMEOUT_MS, Int(clamping: max(1, left)))
            && number(CURLOPT_NOSIGNAL, 1)
            // A name that is still being resolved must not keep the thread.
            && number(CURLOPT_QUICK_EXIT, 1)
            && number(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
            && number(CURLOPT_TCP_KEEPALIVE, 1)
            && number(CURLOPT_FOLLOWLOCATION, 0)
            && number(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
            && number(CURLOPT_NETRC, 0)
            && text(CURLOPT_PROTOCOLS_STR, "http,https")
            && text(CURLOPT_PROXY, "")
            && text(CURLOPT_USERAGENT, "portcullis")
    }

    private func configureTrust(_ request: HTTPRequest) -> Bool {
        guard number(CURLOPT_SSL_VERIFYPEER, 1), number(CURLOPT_SSL_VERIFYHOST, 2),
            number(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        else { return false }
        guard let file = request.authorityFile else { return true }
        // The system's folder of authorities would be trusted beside the file.
        return text(CURLOPT_CAINFO, file) && text(CURLOPT_CAPATH, nil)
            && number(CURLOPT_CA_CACHE_TIMEOUT, Self.authoritiesKept)
    }

    private func number(_ option: CURLoption, _ value: Int) -> Bool {
        // Unsafe: the handle is alive.
        unsafe cco_set_number(handle, option, value) == CURLE_OK
    }

    private func text(_ option: CURLoption, _ value: String?) -> Bool {
        // Unsafe: the handle is alive, and curl copies the text.
        unsafe cco_set_text(handle, option, value) == CURLE_OK
    }

    private func body(_ bytes: [UInt8]) -> Bool {
        // Unsafe: curl copies as many bytes as it was told; an empty array still has an address for them.
        unsafe bytes.withUnsafeBytes { bytes in
            guard unsafe cco_set_bytes(handle, CURLOPT_POSTFIELDSIZE_LARGE, bytes.count) == CURLE_OK else {
                return false
            }
            guard let base = bytes.baseAddress else { return text(CURLOPT_COPYPOSTFIELDS, "") }
            return unsafe cco_set_text(
                handle, CURLOPT_COPYPOSTFIELDS, base.assumingMemoryBound(to: CChar.self)) == CURLE_OK
        }
    }

    private func add(_ line: String) -> Bool {
        // Unsafe: curl copies the text; where it cannot, the list stays as it was.
        guard let longer = unsafe curl_slist_append(fields, line) else { return false }
        unsafe fields = unsafe longer
        return true
    }

    // MARK: - What is answered

    fileprivate func receive(field bytes: [UInt8]) -> Bool { answer.receive(field: bytes) }
    fileprivate func receive(body bytes: [UInt8]) -> Bool { answer.receive(body: bytes) }

    /// Tells the outcome, once curl has let go of it.
    func finish(_ result: CURLcode) {
        guard result == CURLE_OK else { return abandon(failure(result)) }
        let status = unsafe cco_status(handle)
        submission.completion(
            .success(HTTPResponse(status: status, headers: HeaderFields(answer.fields), body: answer.body)))
    }

    func abandon(_ failure: HTTPFailure) {
        submission.completion(.failure(failure))
    }

    private func failure(_ result: CURLcode) -> HTTPFailure {
        if answer.isTooLarge { return .answerTooLarge }
        switch result {
        case CURLE_OPERATION_TIMEDOUT: return .timedOut
        case CURLE_URL_MALFORMAT, CURLE_LOGIN_DENIED: return .invalidRequest
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT: return .unreachable(words(result))
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            return .untrusted(words(result))
        default: return .invalidAnswer(words(result))
        }
    }

    private func words(_ result: CURLcode) -> String {
        // Unsafe: curl ends both with a zero; the second is a constant.
        let own = unsafe String(cString: reason)
        return own.isEmpty ? unsafe String(cString: curl_easy_strerror(result)) : own
    }
}

/// A line of the answer's head, with its end.
private let receiveField: curl_write_callback = { bytes, size, count, context in
    unsafe receive(bytes, size, count, context) { $0.receive(field: $1) }
}

/// A piece of its body.
private let receiveBody: curl_write_callback = { bytes, size, count, context in
    unsafe receive(bytes, size, count, context) { $0.receive(body: $1) }
}

/// How many bytes were taken: another number than came ends the transfer.
private func receive(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?,
    _ take: (Transfer, [UInt8]) -> Bool
) -> Int {
    // Unsafe: curl gives `size` (which is 1) times `count` bytes, and the context of a transfer that is alive.
    guard let context = unsafe context, let bytes = unsafe bytes, size == 1 else { return 0 }
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    let copy = unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: count))
    // CURL_WRITEFUNC_ERROR is a macro, and 0 is what came where nothing did.
    return take(transfer, copy) ? count : count + 1
}
