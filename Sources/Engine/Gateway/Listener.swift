internal import Crypto
internal import Middleware
internal import PolicyModel

/// A listener as one policy has it: its settings, its certificates, its admission chain. How many connections it has is
/// counted on from one policy to the next.
final class Listener: Sendable {
    let policy: ListenerPolicy
    let tls: TLSServerContext
    /// Rotated by the acceptor. They go on from one policy to the next, so that sessions are resumed after a reload.
    let ticketKeys: TicketKeys
    let admission: AdmissionChain
    let connections: LiveCount
    /// Taken from the socket since the start, as long as every policy has had a listener of this name.
    let accepted: LiveCount

    /// Reads the certificates; `resolve` turns a policy's path into one of the file system.
    init(
        _ policy: ListenerPolicy, environment: inout MiddlewareEnvironment, resolve: (String) -> String,
        after before: Listener? = nil
    ) throws(CryptoError) {
        self.policy = policy
        let ticketKeys = before?.ticketKeys ?? TicketKeys(now: SystemClock.monotonic())
        self.ticketKeys = ticketKeys
        tls = try TLSServerContext(
            certificates: policy.tls.certificates.map {
                TLSServerContext.Certificate(chainFile: resolve($0.certificate), keyFile: resolve($0.privateKey))
            }, requiresTLS13: policy.tls.minimumVersion == .tls13,
            clientCertificates: policy.tls.clientCertificates.map {
                TLSServerContext.ClientCertificates(
                    authorityFile: resolve($0.authority), mode: $0.mode == .require ? .require : .request)
            }, ticketKeys: ticketKeys)
        admission = AdmissionChain(
            entries: policy.admission, name: "listener \(policy.name)", environment: &environment)
        connections = before?.connections ?? LiveCount()
        accepted = before?.accepted ?? LiveCount()
    }

    /// Listeners of two policies with the same binding share a socket.
    var binding: Binding {
        Binding(address: policy.address, name: policy.address.port == 0 ? policy.name : nil)
    }

    struct Binding: Hashable, Sendable {
        let address: SocketAddress
        /// Where the system chooses the port, each listener has its own.
        let name: String?
    }
}
