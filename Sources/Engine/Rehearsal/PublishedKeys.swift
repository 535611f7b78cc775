internal import Crypto
internal import HTTPClient
internal import Locking
internal import PolicyModel
internal import Tokens

/// The keys of another issuer, read once.
enum PublishedKeys {
    /// Throws where a gateway would not start, which is for a file alone. `isKnown` is false where keys were not asked for;
    /// where they were and did not come, there are none.
    static func read(
        of issuer: String, _ source: JWTSettings.KeySource, fetches: Bool
    ) throws -> (keys: [IssuerKey], isKnown: Bool) {
        switch source {
        case .file(let path):
            let operation = "read the keys of token issuer \(issuer)"
            do throws(KeyFile.Failure) {
                let keys = IssuerKey.keys(of: try KeyFile.read(path), issuer: issuer).keys
                guard keys.isEmpty else { return (keys, true) }
            } catch {
                throw CryptoError(operation: operation, reason: error.description)
            }
            throw CryptoError(operation: operation, reason: JWKSet.Failure.noKeys.description)
        case .url(let service):
            guard fetches else { return ([], false) }
            return (try fetch(service).map { IssuerKey.keys(of: $0, issuer: issuer).keys } ?? [], true)
        }
    }

    /// nil where the service has no set of keys to give in time.
    private static func fetch(_ service: JWTSettings.KeyService) throws -> JWKSet? {
        let client = try HTTPClient(maximumAlive: 1, maximumWaiting: 1)
        let received = Lock<JWKSet?>(nil)
        let done = try WakeUp(blocking: false)
        client.send(service.request) { result in
            if case .success(let response) = result, response.status == 200 {
                received.withLock { $0 = try? JWKSet(response.body) }
            }
            done.wake()
        }
        let thread = try WorkerThread("http") { client.run() }
        done.wait(milliseconds: Int32(clamping: service.timeout.nanoseconds / 1_000_000 + 1000))
        client.stop()
        thread.join()
        return received.withLock { $0 }
    }
}
