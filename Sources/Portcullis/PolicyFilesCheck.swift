import Engine
import Foundation
import PolicyFile
import PolicyModel

/// What is wrong with the files that policies name: certificates and their keys, authorities, keys of token issuers, the token
/// of the admin door.
struct PolicyFilesCheck {
    /// Who asks.
    enum Purpose {
        /// What clients turn away from is as wrong as what a gateway cannot serve.
        case validating
        /// A gateway that has a certificate whose time is over runs nevertheless: it may be renewed while it runs.
        case running
    }

    /// What relative paths are relative to.
    let root: String

    func certificates(in policy: Policy, for purpose: Purpose) -> [Diagnostic] {
        let now = Int(SystemClock.unixSeconds())
        return CertificateReview.findings(in: policy, now: now, resolve: resolve).map { finding in
            let isError =
                switch finding.weight {
                case .refused: true
                case .useless: purpose == .validating
                case .soon, .exposed: false
                }
            return Diagnostic(
                severity: isError ? .error : .warning, position: finding.position, message: finding.message)
        }
    }

    func issuerKeys(in policy: Policy) -> [Diagnostic] {
        policy.tokenIssuers.compactMap { issuer in
            guard case .jwt(let settings) = issuer.kind, case .file(let path) = settings.keys else { return nil }
            do throws(KeyFile.Failure) {
                try KeyFile.check(resolve(path))
                return nil
            } catch {
                return Diagnostic(
                    position: issuer.position,
                    message: "the keys of `\(issuer.name)`, \(path), cannot be read: \(error)")
            }
        }
    }

    func adminToken(in policy: Policy) -> [Diagnostic] {
        guard let admin = policy.admin else { return [] }
        do throws(AdminTokenFile.Problem) {
            try AdminTokenFile.check(resolve(admin.tokenFile))
            return []
        } catch {
            return [Diagnostic(position: admin.position, message: error.description)]
        }
    }

    /// Whether any of the files is not there.
    func misses(_ files: [String]) -> Bool {
        files.contains { !FileManager.default.fileExists(atPath: resolve($0)) }
    }

    private func resolve(_ path: String) -> String { path.resolved(in: root) }
}
