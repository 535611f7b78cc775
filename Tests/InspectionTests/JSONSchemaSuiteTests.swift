import Inspection
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The folder of the public JSON Schema test suite for draft 2020-12, which `./dev test` fetches.
private let suite = unsafe getenv("PORTCULLIS_SCHEMA_SUITE").map { unsafe String(cString: $0) }

/// The public test suite, all of it but `optional/format`, since a format asserts nothing here. What is left out besides
/// stands in `SchemaSuiteLeftOut.swift`, and must really differ.
@Suite struct JSONSchemaSuiteTests {
    @Test(
        "the public test suite agrees, but for what is left out by name",
        .enabled(if: suite != nil, "PORTCULLIS_SCHEMA_SUITE is not set, as ./dev test does"))
    func agrees() throws {
        let folder = try #require(suite)
        var run = SuiteRun()
        for path in try ["", "optional/"].flatMap({ part in try files(in: "\(folder)/\(part)").map { part + $0 } }) {
            try run.file(path, try read("\(folder)/\(path)"))
        }
        for fault in run.faults { Issue.record("\(fault)") }
        let unknown = Set(SchemaSuiteLeftOut.groups.keys).union(SchemaSuiteLeftOut.cases.keys).subtracting(run.leftOut)
        #expect(unknown.isEmpty, "left out, but not there")
        #expect(run.files >= 59)
        #expect(run.agreed >= 1300)
        print(
            "JSON Schema test suite: \(run.agreed) cases of \(run.files) files agree; "
                + "\(run.refusedGroups) groups of \(run.refusedCases) cases and \(run.differing) other cases are left out"
        )
    }
}

/// What has come of the cases so far.
private struct SuiteRun: ~Copyable {
    var files = 0
    var agreed = 0
    var refusedGroups = 0
    var refusedCases = 0
    var differing = 0
    var leftOut: Set<String> = []
    var faults: [String] = []

    private var reader = JSONDocumentReader()
    private var validator = SchemaValidator()

    mutating func file(_ path: String, _ bytes: [UInt8]) throws {
        files += 1
        for group in try elements(bytes) {
            let text = Array(bytes[group])
            let members = try members(text)
            let name = "\(path): \(try string(members["description"], text))"
            let schema = Array(text[try #require(members["schema"])])
            let tests = Array(text[try #require(members["tests"])])
            try self.group(name, schema, tests)
        }
    }

    private mutating func group(_ name: String, _ schemaText: [UInt8], _ tests: [UInt8]) throws {
        let cases = try elements(tests)
        let schema: JSONSchema
        do throws(JSONSchemaError) {
            schema = try JSONSchema(schemaText, isStrict: false)
        } catch {
            refusedGroups += 1
            refusedCases += cases.count
            if SchemaSuiteLeftOut.groups[name] == nil {
                faults.append("\(name): refused: \(error.message) at \(error.pointer ?? "no place")")
            }
            leftOut.insert(name)
            return
        }
        if SchemaSuiteLeftOut.groups[name] != nil {
            faults.append("\(name): left out, but not refused")
            leftOut.insert(name)
        }
        for element in cases {
            let text = Array(tests[element])
            let members = try members(text)
            let caseName = "\(name): \(try string(members["description"], text))"
            let data = Array(text[try #require(members["data"])])
            let isValid = Array(text[try #require(members["valid"])]) == Array("true".utf8)
            let outcome = validator.validate(data.span, with: &reader, against: schema)
            let agrees: Bool
            switch outcome {
            case .valid: agrees = isValid
            case .invalid: agrees = !isValid
            case .notJSON, .failed: agrees = false
            }
            let reason = SchemaSuiteLeftOut.cases[caseName]
            if reason != nil { leftOut.insert(caseName) }
            switch (agrees, reason) {
            case (true, nil): agreed += 1
            case (false, nil): faults.append("\(caseName): \(outcome)")
            case (true, _?): faults.append("\(caseName): left out, but agrees")
            case (false, _?): differing += 1
            }
        }
    }

    /// Where the elements of an array stand in its text.
    private mutating func elements(_ text: [UInt8]) throws -> [Range<Int>] {
        #expect(reader.read(text.span) == .json)
        let places = reader.withDocument { document in
            var places: [Range<Int>] = []
            var index = 1
            for _ in 0..<document.children(0) {
                places.append(document.place(index))
                index = document.next(index)
            }
            return places
        }
        return try #require(places)
    }

    /// Where the members of an object stand in its text.
    private mutating func members(_ text: [UInt8]) throws -> [String: Range<Int>] {
        #expect(reader.read(text.span) == .json)
        let places = reader.withDocument { document in
            var places: [String: Range<Int>] = [:]
            var index = 1
            for _ in 0..<document.children(0) {
                places[document.string(index) ?? ""] = document.place(index + 1)
                index = document.next(index + 1)
            }
            return places
        }
        return try #require(places)
    }

    private mutating func string(_ place: Range<Int>?, _ text: [UInt8]) throws -> String {
        let text = Array(text[try #require(place)])
        #expect(reader.read(text.span) == .json)
        let string = reader.withDocument { document in document.string(0) } ?? nil
        return try #require(string)
    }
}

private struct Unreadable: Error {
    let path: String
}

/// The JSON files of a folder.
private func files(in folder: String) throws -> [String] {
    // Unsafe: the stream is closed once, and each entry is copied before the next.
    guard let stream = unsafe opendir(folder) else { throw Unreadable(path: folder) }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { place in
            unsafe place.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        if name.hasSuffix(".json") { names.append(name) }
    }
    return names.sorted()
}

private func read(_ path: String) throws -> [UInt8] {
    // Unsafe: the file is closed once; fread writes no more than the buffer's count.
    guard let file = unsafe fopen(path, "r") else { throw Unreadable(path: path) }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    return Array(bytes[..<count])
}
