internal import GRDB

/// That the token store cannot do what it was asked for. Never holds a token, a key or a row's content.
package struct TokenStoreError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// There is no store, and none was to be made.
        case missing
        /// The folder or the file cannot be made, opened, read or written.
        case inaccessible
        /// Others than its owner may read it.
        case exposed
        /// The file is empty, damaged, or no token store.
        case damaged
        /// A newer version of this program wrote it.
        case superseded
        /// The file is not the one that was opened: it was removed, replaced or cut.
        case replaced
        /// Another process holds it for longer than is waited for.
        case busy
        /// A signing key could not be made.
        case keyNotMade
    }

    package let kind: Kind
    /// The file or folder.
    package let path: String
    /// What is wrong, without the path.
    package let what: String
    /// What a person can do about it; empty where there is nothing to say.
    package let advice: String

    package init(_ kind: Kind, path: String, what: String, advice: String = "") {
        self.kind = kind
        self.path = path
        self.what = what
        self.advice = advice
    }

    /// One line for people.
    package var description: String {
        advice.isEmpty ? "\(path): \(what)" : "\(path): \(what); \(advice)"
    }

    /// What SQLite said, sorted by what can be done about it.
    init(_ error: any Error, path: String) {
        if let error = error as? TokenStoreError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.damaged, path: path, what: "holds a value that cannot be read", advice: Self.restore)
            return
        }
        let message = error.message ?? "error \(error.resultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.busy, path: path, what: "another process is writing to it", advice: "try again")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_MISMATCH, .SQLITE_CONSTRAINT:
            self.init(.damaged, path: path, what: "is not an intact token store (\(message))", advice: Self.restore)
        case .SQLITE_FULL:
            self.init(.inaccessible, path: path, what: "the disk is full", advice: "make room")
        default:
            self.init(
                .inaccessible, path: path, what: "cannot be used (\(message))",
                advice: "check that file and folder can be read and written by the user that runs this")
        }
    }

    static func superseded(_ path: String) -> TokenStoreError {
        TokenStoreError(
            .superseded, path: path, what: "was written by a newer version of portcullis", advice: "use that version")
    }

    static let restore = "restore it from a backup, or remove it and issue new tokens"
}
