/// A JSON Web Key Set (RFC 7517 section 5), as far as it is of use here.
package struct JWKSet: Sendable, Hashable {
    /// Why a set cannot be used at all.
    package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
        case tooLarge
        case malformed
        case tooManyKeys
        case noKeys

        package var description: String {
            switch self {
            case .tooLarge: "it has more than \(JWKSet.maximumBytes / 1024) KiB"
            case .malformed: "it is not a JSON Web Key Set (RFC 7517)"
            case .tooManyKeys: "it has more than \(JWKSet.maximumKeys) keys"
            case .noKeys: "none of its keys can check a token"
            }
        }
    }

    package static let maximumBytes = 256 * 1024
    package static let maximumKeys = 100

    /// Those that can check a token, in their order, never empty.
    package let keys: [JWK]
    /// How many others there are: for encryption, of kinds that are not known here, too weak, or broken.
    package let skipped: Int

    /// Reads a set. What it holds beside `keys` is ignored, as RFC 7517 section 5 asks, and so is a key that is of no use.
    package init(_ bytes: [UInt8]) throws(Failure) {
        guard bytes.count <= Self.maximumBytes else { throw .tooLarge }
        guard case .object(let members)? = JSON.decode(bytes), case .array(let values) = members["keys"] else {
            throw .malformed
        }
        guard values.count <= Self.maximumKeys else { throw .tooManyKeys }
        keys = values.compactMap(JWK.init)
        skipped = values.count - keys.count
        guard !keys.isEmpty else { throw .noKeys }
    }
}
