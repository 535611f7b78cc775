import Foundation

/// Writes several new files: all of them whole, or none.
enum NewFiles {
    struct File {
        let path: String
        let contents: String
        /// Permission bits; the process's umask takes its share away.
        let mode: mode_t
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Makes `folder` where it is missing. A file that exists already is a failure, and stays as it is.
    static func write(_ files: [File], folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            // Foundation's own words for it are a number.
            let reason = errno == 0 ? "" : ": \(unsafe String(cString: strerror(errno)))"
            throw Failure(description: "\(folder): cannot be made\(reason)")
        }
        // Each is written beside its place under another name, and put in its place when all are there.
        var temporary: [String] = []
        var placed: [String] = []
        defer { for path in temporary { _ = unsafe unlink(path) } }
        do {
            for file in files {
                let path = "\(file.path).\(getpid()).new"
                try create(path, file)
                temporary.append(path)
            }
            for (file, path) in zip(files, temporary) {
                // Unlike `rename`, `link` never takes the place of a file. Unsafe here and below: C strings for the call.
                guard unsafe link(path, file.path) == 0 else { throw failure(file.path, "cannot be made") }
                placed.append(file.path)
            }
        } catch {
            for path in placed { _ = unsafe unlink(path) }
            throw error
        }
    }

    private static func create(_ path: String, _ file: File) throws {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file.mode)
        guard descriptor >= 0 else { throw failure(path, "cannot be made") }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(file.contents.utf8))
            try handle.synchronize()
            try handle.close()
        } catch {
            _ = unsafe unlink(path)
            throw Failure(description: "\(path): cannot be written: \(error.localizedDescription)")
        }
    }

    private static func failure(_ path: String, _ what: String) -> Failure {
        Failure(description: "\(path): \(what): \(unsafe String(cString: strerror(errno)))")
    }
}
