import FuzzTargets

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// libFuzzer's own loop: linked in with `-sanitize=fuzzer`, declared in its FuzzerInterface.h.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Set once, before the fuzzer begins. libFuzzer's callback carries no context.
private let target: FuzzTarget? = unsafe getenv("PORTCULLIS_FUZZ").flatMap {
    FuzzTarget(rawValue: unsafe String(cString: $0))
}

/// Fuzzes the target that PORTCULLIS_FUZZ names; the arguments are libFuzzer's.
@main private enum Fuzz {
    static func main() {
        guard target != nil else {
            print("PORTCULLIS_FUZZ names no target; there are \(FuzzTarget.allCases.map(\.rawValue))")
            exit(64)
        }
        var count = CommandLine.argc
        // Unsafe: the process's own arguments, which live as long as it does.
        var arguments = unsafe CommandLine.unsafeArgv
        exit(
            unsafe runDriver(&count, &arguments) { bytes, count in
                // Unsafe: libFuzzer lends `count` bytes for the call.
                let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
                do throws(BrokenContract) {
                    try target?.run(input)
                } catch {
                    fatalError("broken contract: \(error)")
                }
                return 0
            })
    }
}
