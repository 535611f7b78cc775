import FuzzTargets
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct CorpusTests {
    /// The seeds, and whatever a fuzzer has once found.
    @Test("H41 every file of the corpora: a value or a documented error", arguments: FuzzTarget.allCases)
    func replay(_ target: FuzzTarget) throws {
        let folder = "\(#filePath.dropLast("CorpusTests/CorpusTests.swift".utf8.count))Corpus/\(target.rawValue)"
        let files = try Self.files(in: folder)
        #expect(files.count >= 8)
        for file in files {
            let bytes = try Self.read("\(folder)/\(file)")
            do throws(BrokenContract) {
                try target.run(bytes)
            } catch {
                Issue.record("\(target.rawValue)/\(file): \(error)")
            }
        }
    }

    private struct Unreadable: Error {
        let path: String
    }

    private static func files(in folder: String) throws -> [String] {
        // Unsafe: the stream is closed once, and each entry is copied before the next.
        guard let stream = unsafe opendir(folder) else { throw Unreadable(path: folder) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { place in
                unsafe place.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private static func read(_ path: String) throws -> [UInt8] {
        // Unsafe: the file is closed once; fread writes no more than the buffer's count.
        guard let file = unsafe fopen(path, "r") else { throw Unreadable(path: path) }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        return Array(bytes[..<count])
    }
}
