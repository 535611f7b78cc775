internal import Crypto
internal import Glibc
package import PolicyModel
internal import Tokens

/// What is wrong with the certificates that a policy names, looked at before a gateway serves them.
package enum CertificateReview {
    /// Something wrong with a file.
    package struct Finding: Sendable, Hashable {
        package enum Weight: Sendable, Hashable {
            /// A gateway cannot run the policy.
            case refused
            /// A gateway serves it, and clients turn away.
            case useless
            /// It is good, but not for long.
            case soon
            /// It is good, but no secret on this machine.
            case exposed
        }

        package let weight: Weight
        /// Where the policy names it.
        package let position: SourcePosition
        package let message: String
    }

    /// Before its end, a certificate should have been renewed: 14 days.
    package static let notice = 14 * 86_400

    /// Looks at the files of listeners, and at those that say whom `authorize` and the keys of issuers trust. `resolve` turns
    /// a policy's path into one of the file system; `now` is in seconds since 1970.
    package static func findings(in policy: Policy, now: Int, resolve: (String) -> String) -> [Finding] {
        var findings: [Finding] = []
        func look(
            _ position: SourcePosition, _ name: String, consequence: String = "clients turn away from it",
            unreadable: Finding.Weight = .refused, _ read: () throws(CryptoError) -> [CertificateDates]
        ) {
            do throws(CryptoError) {
                for (index, dates) in try read().enumerated() {
                    guard let (weight, words) = judge(dates, now: now, consequence) else { continue }
                    let which = index == 0 ? "" : ", number \(index + 1) in it"
                    let message = "the certificate in \(name)\(which) (\(dates.subject)) \(words)"
                    findings.append(Finding(weight: weight, position: position, message: message))
                }
            } catch {
                findings.append(Finding(weight: unreadable, position: position, message: "\(error)"))
            }
        }
        for listener in policy.listeners {
            for files in listener.tls.certificates {
                look(files.position, files.certificate) { () throws(CryptoError) in
                    try CertificateDates.ofChain(
                        TLSServerContext.Certificate(
                            chainFile: resolve(files.certificate), keyFile: resolve(files.privateKey)))
                }
                let key = resolve(files.privateKey)
                if isOpenToOthers(key) {
                    let message = "the private key \(key) is open to other users; run `chmod o= \(key)`"
                    findings.append(Finding(weight: .exposed, position: files.position, message: message))
                }
            }
            if let demanded = listener.tls.clientCertificates {
                let consequence = "no certificate that it has signed holds"
                look(listener.position, demanded.authority, consequence: consequence) { () throws(CryptoError) in
                    try CertificateDates.ofAuthorities(resolve(demanded.authority))
                }
            }
        }
        for entry in policy.routes.flatMap(\.middleware) {
            guard case .authorize(let settings) = entry.settings, let file = settings.authority else { continue }
            look(entry.position, file) { () throws(CryptoError) in
                try CertificateDates.checkServiceAuthorities(resolve(file))
                return []
            }
        }
        for issuer in policy.tokenIssuers {
            guard case .jwt(let settings) = issuer.kind, case .url(let service) = settings.keys,
                let file = service.authority
            else { continue }
            // A gateway runs without the keys, and asks for them in vain.
            look(issuer.position, file, unreadable: .useless) { () throws(CryptoError) in
                try CertificateDates.checkServiceAuthorities(resolve(file))
                return []
            }
        }
        return findings
    }

    /// A group may well share a key, as Debian's `ssl-cert` does.
    private static func isOpenToOthers(_ path: String) -> Bool {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        return status.st_mode & 0o007 != 0
    }

    /// nil where there is nothing to say.
    private static func judge(
        _ dates: CertificateDates, now: Int, _ consequence: String
    ) -> (weight: Finding.Weight, words: String)? {
        if dates.notAfter < now {
            return (.useless, "has expired at \(time(dates.notAfter)); \(consequence)")
        }
        if dates.notBefore > now {
            return (.useless, "is good from \(time(dates.notBefore)) on, not before; \(consequence)")
        }
        // The sum cannot overflow: both are dates.
        guard dates.notAfter < now + notice else { return nil }
        let days = (dates.notAfter - now) / 86_400
        let left = days == 0 ? "in less than a day" : days == 1 ? "in a day" : "in \(days) days"
        return (.soon, "expires \(left), at \(time(dates.notAfter)); renew it")
    }

    private static func time(_ seconds: Int) -> String { Timestamp.rfc3339(Int64(seconds)) }
}
