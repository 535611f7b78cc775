internal import Crypto
internal import HTTPClient
internal import Locking
internal import PolicyModel
internal import Tokens

/// The keys of one `jwt` issuer, and how they are kept fresh. Goes on from one policy to the next as long as the keys come from
/// the same place.
final class KeyRing: TokenKeySource {
    /// What a look for keys has come to.
    enum Outcome: Sendable, Hashable {
        /// The same keys as before, or older ones than those that are known; whether that ends a time of failures.
        case unchanged(recovered: Bool)
        /// Other keys: how many, how many of the set were of no use, and the ids of those that are gone.
        case changed(count: Int, skipped: Int, gone: [String])
        /// None, and those that are known stay; `isNews` the first time that it fails for this reason.
        case failed(String, isNews: Bool)
    }

    private struct State {
        var schedule = FetchSchedule()
        var refresh: KeyRefresh?
        /// The number of the last fetch that was begun.
        var fetch = 0
        var stamp: FileStamp?
        var failure: String?
    }

    /// What rings share that follow one another, as they do their keys.
    private struct Succession {
        /// Fetches that were begun, by any of them.
        var begun = 0
        /// The last one of those whose answer was taken.
        var taken = 0
        /// What the keys are made of.
        var set: JWKSet?
    }

    /// The issuer's name in the policy.
    let issuer: String
    /// Its paths are those of the file system.
    let source: JWTSettings.KeySource
    let keys: TokenKeys
    private let state = Lock(State())
    private let succession: Lock<Succession>
    private let fetch: @Sendable (KeyRing, HTTPRequest) -> Void

    /// - Parameters:
    ///   - before: the issuer's ring in the policy before this one. Its keys stay where they come from the same place.
    ///   - fetch: sends the request, and has ``receive(_:unixSeconds:now:)`` called with the answer.
    init(
        issuer: String, source: JWTSettings.KeySource, after before: KeyRing? = nil,
        fetch: @escaping @Sendable (KeyRing, HTTPRequest) -> Void
    ) {
        self.issuer = issuer
        self.source = source
        self.fetch = fetch
        let known = before.flatMap { $0.source.place == source.place ? $0 : nil }
        keys = known?.keys ?? TokenKeys()
        succession = known?.succession ?? Lock(Succession())
    }

    // MARK: - From a file

    /// Reads the file if it has changed; nil where there is nothing new to say.
    func readFile(unixSeconds: Int64) -> Outcome? {
        guard case .file(let path) = source else { return nil }
        let stamp = FileStamp(of: path)
        guard stamp == nil || stamp != state.withLock({ $0.stamp }) else { return nil }
        do throws(KeyFile.Failure) {
            let outcome = take(try KeyFile.read(path))
            // One that was written just now may be written again without another time: it is read once more.
            let isSettled = stamp.map { Int64($0.seconds) < unixSeconds - 1 } ?? false
            state.withLock { $0.stamp = isSettled ? stamp : nil }
            return outcome
        } catch {
            return fail(error.description)
        }
    }

    // MARK: - From a service

    /// Begins a fetch that is due.
    func fetchIfDue(now: Nanoseconds) { _ = begin { $0.begin(now: now) } }

    /// A fetch for a key that is not known, or the one that is on its way.
    func learn() -> KeyRefresh? {
        let now = SystemClock.monotonic()
        return begin { $0.demand(now: now) }
    }

    /// The fetch that is on its way.
    var refresh: KeyRefresh? { state.withLock { $0.refresh } }

    private func begin(_ mayBegin: (inout FetchSchedule) -> Bool) -> KeyRefresh? {
        guard case .url(let service) = source else { return nil }
        let (refresh, isNew) = state.withLock { state -> (KeyRefresh?, Bool) in
            if let refresh = state.refresh { return (refresh, false) }
            guard mayBegin(&state.schedule) else { return (nil, false) }
            state.refresh = KeyRefresh(patience: service.timeout)
            state.fetch = succession.withLock { succession in
                succession.begun += 1
                return succession.begun
            }
            return (state.refresh, true)
        }
        if isNew { fetch(self, service.request) }
        return refresh
    }

    /// The answer to a fetch.
    func receive(_ result: Result<HTTPResponse, HTTPFailure>, unixSeconds: Int64, now: Nanoseconds) -> Outcome {
        let outcome: Outcome
        switch result {
        case .success(let response) where response.status == 200:
            do throws(JWKSet.Failure) {
                outcome = take(try JWKSet(response.body))
            } catch {
                outcome = fail(error.description)
            }
        case .success(let response): outcome = fail("the answer has status \(response.status)")
        case .failure(let failure): outcome = fail(failure.description)
        }
        let refresh = state.withLock { state in
            if case .failed = outcome {
                state.schedule.fail(now: now)
            } else {
                state.schedule.succeed(now: now, lifetime: lifetime(result, unixSeconds: unixSeconds))
            }
            defer { state.refresh = nil }
            return state.refresh
        }
        refresh?.finish()
        return outcome
    }

    private func lifetime(_ result: Result<HTTPResponse, HTTPFailure>, unixSeconds: Int64) -> Nanoseconds {
        guard case .url(let service) = source, case .success(let response) = result else { return 0 }
        let seconds = response.freshness(now: unixSeconds)
        return seconds.map { Duration.seconds($0).nanoseconds } ?? service.refresh.nanoseconds
    }

    // MARK: - What has come

    /// Called by one thread at a time.
    private func take(_ set: JWKSet) -> Outcome {
        let (fetch, hadFailed) = state.withLock { state in
            defer { state.failure = nil }
            return (state.fetch, state.failure != nil)
        }
        let (taken, before) = succession.withLock { ($0.taken, $0.set) }
        // The ring of the policy before asked earlier and is answered later: what was withdrawn meanwhile stays away.
        guard fetch >= taken else { return .unchanged(recovered: hadFailed) }
        guard set != before else {
            succession.withLock { $0.taken = fetch }
            return .unchanged(recovered: hadFailed)
        }
        let (usable, skipped) = IssuerKey.keys(of: set, issuer: issuer)
        guard !usable.isEmpty else { return fail(JWKSet.Failure.noKeys.description) }
        let gone = keys.replace(usable)
        succession.withLock { succession in
            succession.taken = fetch
            succession.set = set
        }
        return .changed(count: usable.count, skipped: skipped, gone: gone)
    }

    private func fail(_ reason: String) -> Outcome {
        let isNews = state.withLock { state in
            defer { state.failure = reason }
            return state.failure != reason
        }
        return .failed(reason, isNews: isNews)
    }
}

extension JWTSettings.KeySource {
    /// Where the keys are, without how often they are asked for.
    fileprivate var place: [String?] {
        switch self {
        case .file(let path): ["file", path]
        case .url(let service): ["url", service.url, service.authority]
        }
    }

    /// With paths of the file system.
    func resolved(_ resolve: (String) -> String) -> Self {
        switch self {
        case .file(let path): return .file(resolve(path))
        case .url(var service):
            service.authority = service.authority.map(resolve)
            return .url(service)
        }
    }
}

extension JWTSettings.KeyService {
    /// Asks for the keys; its paths are those of the file system.
    var request: HTTPRequest {
        HTTPRequest(.get, url, timeout: timeout, maximumBodyBytes: JWKSet.maximumBytes, authorityFile: authority)
    }
}
