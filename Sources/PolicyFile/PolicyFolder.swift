import PolicyModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Policy files on disk.
enum PolicyFolder {
    struct Contents {
        var sources: [PolicySource] = []
        var diagnostics: [Diagnostic] = []
    }

    /// The file at `path`, or the policy files of the folder there. `option`: the one by which a person says where that is,
    /// for the error where there is nothing.
    static func read(_ path: String, option: String? = nil) -> Contents {
        var contents = Contents()
        switch kind(of: path) {
        case .failure(let failure):
            let hint = failure.code == ENOENT ? option.map { "; `\($0)` says where they are" } : nil
            contents.refuse(path, "cannot be read: \(failure)\(hint ?? "")")
        case .success(.folder):
            readFolder(path, into: &contents)
        case .success:
            contents.readFile(path)
        }
        return contents
    }

    private static func readFolder(_ path: String, into contents: inout Contents) {
        guard let names = names(in: path) else {
            contents.refuse(path, "the folder cannot be read: \(FileProblem.last)")
            return
        }
        // By bytes, so that the order is the same in every locale.
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".") {
            let file = place(of: name, in: path)
            if name.hasSuffix(".yml") {
                contents.diagnostics.append(
                    Diagnostic(
                        severity: .warning, position: SourcePosition(file: file, line: 1, column: 1),
                        message: "not read: policies are the files that end in .yaml, so rename it if it is one"))
            }
            guard isPolicy(name) else { continue }
            switch kind(of: file) {
            case .success(.file): contents.readFile(file)
            case .success: contents.refuse(file, "not a file; a folder's own *.yaml files are the policy")
            case .failure(let failure): contents.refuse(file, "cannot be read: \(failure)")
            }
        }
        if contents.sources.isEmpty, contents.diagnostics.allSatisfy({ $0.severity == .warning }) {
            contents.refuse(path, "no policy here: the folder has no *.yaml file")
        }
    }

    /// The paths of what ``read(_:)`` would read: the policy files of a folder, or the one that `path` is.
    static func files(_ path: String) -> [String] {
        guard case .success(.folder) = kind(of: path) else { return [path] }
        let names = (names(in: path) ?? []).filter { !$0.hasPrefix(".") && isPolicy($0) }
        return names.sorted().map { place(of: $0, in: path) }
    }

    private static func isPolicy(_ name: String) -> Bool {
        name.hasSuffix(".yaml") && !name.hasSuffix(PolicyTestLoader.suffix)
    }

    private static func place(of name: String, in path: String) -> String {
        var folder = path[...]
        while folder.count > 1, folder.last == "/" { folder = folder.dropLast() }
        if folder == "." { return name }
        return folder == "/" ? "/\(name)" : "\(folder)/\(name)"
    }

    /// The policy tests at `path`: see ``PolicyTestLoader/files(at:)``.
    static func testFiles(at path: String) -> Result<[String], PolicyFileError> {
        var contents = Contents()
        var files: [String] = []
        switch kind(of: path) {
        case .failure(let failure): contents.refuse(path, "cannot be read: \(failure)")
        case .success(.folder):
            let names = names(in: path)
            if names == nil { contents.refuse(path, "the folder cannot be read: \(FileProblem.last)") }
            let tests = (names ?? []).filter { $0.hasSuffix(PolicyTestLoader.suffix) && !$0.hasPrefix(".") }
            files = tests.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { place(of: $0, in: path) }
        case .success:
            if path.hasSuffix(PolicyTestLoader.suffix) { return .success([path]) }
            let name = path.hasSuffix(".yaml") ? String(path.dropLast(5)) : path
            let beside = name + PolicyTestLoader.suffix
            if case .success = kind(of: beside) { files = [beside] }
        }
        guard contents.diagnostics.isEmpty else {
            return .failure(PolicyFileError(diagnostics: contents.diagnostics))
        }
        return .success(files)
    }

    private enum Kind { case file, folder, other }

    // Unsafe below: C calls on memory that lives for the call, and on NUL-terminated copies of Swift strings.

    private static func kind(of path: String) -> Result<Kind, FileProblem> {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return .failure(.last) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .success(.file)
        case S_IFDIR: return .success(.folder)
        default: return .success(.other)
        }
    }

    private static func names(in folder: String) -> [String]? {
        guard let directory = unsafe opendir(folder) else { return nil }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            // The name is inside of the entry, which is valid until the next `readdir`.
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }
}

extension PolicyFolder.Contents {
    fileprivate mutating func readFile(_ path: String) {
        switch PolicyFiles.bytes(of: path, atMost: YAMLParser.maximumBytes + 1) {
        case .success(let bytes): sources.append(PolicySource(name: path, bytes: bytes))
        case .failure(let failure): refuse(path, "cannot be read: \(failure)")
        }
    }

    fileprivate mutating func refuse(_ path: String, _ message: String) {
        diagnostics.append(
            Diagnostic(position: SourcePosition(file: path, line: 1, column: 1), message: message))
    }
}
