/// What every process is asked for: memory, descriptors, processor time.
struct ProcessFigures: Sendable {
    private let memory = ResidentMemory()

    /// Adds what the system tells; what it does not tell now is left out.
    func add(to counts: inout Counts) {
        if let bytes = memory.bytes() { counts.add(.residentMemory, count: Int64(bytes)) }
        if let open = DescriptorLimit.used() { counts.add(.openDescriptors, count: Int64(open)) }
        let limit = DescriptorLimit.current()
        if limit > 0 { counts.add(.maximumDescriptors, count: Int64(clamping: limit)) }
        counts.add(.cpuSeconds, count: SystemClock.processTime())
    }
}
