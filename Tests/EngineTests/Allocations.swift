import CAllocationCount

/// How often this thread allocates while `body` runs; nil where that cannot be counted.
func allocations(in body: () throws -> Void) rethrows -> Int? {
    let before = allocation_count()
    try body()
    let after = allocation_count()
    return allocation_count_works() == 1 ? Int(after - before) : nil
}
