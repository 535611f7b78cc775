internal import Foundation
internal import GRDB

/// By the column's place, which is quicker than by its name. GRDB's own subscripts trap on a value of another type; a file must
/// never be able to cause that.
extension Row {
    struct UnreadableColumn: Error {}

    func text(_ index: Int) throws -> String {
        guard case .string(let text) = stored(index) else { throw UnreadableColumn() }
        return text
    }

    func integer(_ index: Int) throws -> Int64 {
        guard case .int64(let integer) = stored(index) else { throw UnreadableColumn() }
        return integer
    }

    func bytes(_ index: Int) throws -> [UInt8] {
        guard case .blob(let data) = stored(index) else { throw UnreadableColumn() }
        return Array(data)
    }

    /// nil for NULL.
    func optionalInteger(_ index: Int) throws -> Int64? {
        isNull(index) ? nil : try integer(index)
    }

    /// nil for NULL.
    func optionalText(_ index: Int) throws -> String? {
        isNull(index) ? nil : try text(index)
    }

    private func isNull(_ index: Int) -> Bool {
        guard case .null = stored(index) else { return false }
        return true
    }

    private func stored(_ index: Int) -> DatabaseValue.Storage {
        // A value of the database as it is: nothing is converted, so that nothing can fail.
        (self[index] as DatabaseValue).storage
    }
}
