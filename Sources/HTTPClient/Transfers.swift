internal import CCurl
internal import CCurlOptions

/// The requests on their way. Of the client's thread alone.
@safe final class Transfers {
    private let multi: MultiHandle
    private var alive: [UnsafeMutableRawPointer: Transfer] = unsafe [:]

    init(_ multi: MultiHandle) {
        self.multi = multi
    }

    var count: Int { unsafe alive.count }

    /// Begins one. False where that fails, which has been told then.
    func start(_ submission: HTTPClient.Submission) -> Bool {
        do throws(HTTPFailure) {
            let request = submission.request
            if let file = request.authorityFile, request.url.hasPrefix("https://") { try AuthorityFile.check(file) }
        } catch {
            submission.completion(.failure(error))
            return false
        }
        guard let transfer = Transfer(submission) else {
            submission.completion(.failure(.invalidRequest))
            return false
        }
        guard unsafe curl_multi_add_handle(multi.pointer, transfer.handle) == CURLM_OK else {
            submission.completion(.failure(.unreachable("libcurl takes no more requests")))
            return false
        }
        unsafe alive[transfer.handle] = transfer
        return true
    }

    /// Moves all of them on as far as they go without waiting.
    func perform() {
        var running: Int32 = 0
        unsafe curl_multi_perform(multi.pointer, &running)
    }

    /// Tells the outcome of those that have ended; whether there were any.
    func finishEnded() -> Bool {
        var result = CURLE_OK
        var hasEnded = false
        // Unsafe: a handle that curl gives back is one of those that it was given.
        while let handle = unsafe cco_next_ended(multi.pointer, &result) {
            hasEnded = true
            unsafe curl_multi_remove_handle(multi.pointer, handle)
            unsafe alive.removeValue(forKey: handle)?.finish(result)
        }
        return hasEnded
    }

    func endAll() {
        // Unsafe: each handle was added, and is removed once.
        for transfer in unsafe Array(alive.values) {
            unsafe curl_multi_remove_handle(multi.pointer, transfer.handle)
            transfer.abandon(.stopped)
        }
        unsafe alive = [:]
    }
}
