internal import Foundation
internal import GRDB

/// GRDB's own subscripts trap on a value of another type; a file must never be able to cause that.
extension Row {
    struct UnreadableColumn: Error {}

    /// The column's value; throws where there is no such column, or a value of another type, or NULL.
    func value<Value: DatabaseValueConvertible>(_ column: String, as type: Value.Type = Value.self) throws -> Value {
        guard let value: Value = try optionalValue(column) else { throw UnreadableColumn() }
        return value
    }

    /// The same, with nil for NULL.
    func optionalValue<Value: DatabaseValueConvertible>(
        _ column: String, as type: Value.Type = Value.self
    ) throws -> Value? {
        guard hasColumn(column) else { throw UnreadableColumn() }
        guard let stored: any DatabaseValueConvertible = self[column] else { return nil }
        guard let value = Value.fromDatabaseValue(stored.databaseValue) else { throw UnreadableColumn() }
        return value
    }

    func bytes(_ column: String) throws -> [UInt8] {
        Array(try value(column, as: Data.self))
    }
}
