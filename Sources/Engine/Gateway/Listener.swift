internal import Crypto
internal import Middleware
internal import PolicyModel
import Synchronization

/// A listener as it runs: its policy, its certificates, its admission chain, and how many connections it has.
final class Listener: Sendable {
    let policy: ListenerPolicy
    let tls: TLSServerContext
    let admission: AdmissionChain
    let connections = Atomic<Int>(0)

    /// Reads the certificates; `resolve` turns a policy's path into one of the file system.
    init(_ policy: ListenerPolicy, environment: MiddlewareEnvironment, resolve: (String) -> String) throws(CryptoError)
    {
        self.policy = policy
        tls = try TLSServerContext(
            certificates: policy.tls.certificates.map {
                TLSServerContext.Certificate(chainFile: resolve($0.certificate), keyFile: resolve($0.privateKey))
            }, requiresTLS13: policy.tls.minimumVersion == .tls13)
        admission = AdmissionChain(entries: policy.admission, environment: environment)
    }
}
