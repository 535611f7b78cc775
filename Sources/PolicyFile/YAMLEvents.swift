import CLibYAML

/// A place in a file, both counted from 1, the column in characters.
struct YAMLMark: Hashable, Comparable {
    var line: Int
    var column: Int

    static func < (left: YAMLMark, right: YAMLMark) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// One event of libyaml's parser, as a value.
struct YAMLEvent {
    enum Kind {
        case streamStart
        case streamEnd
        case documentStart
        case documentEnd
        case alias(String)
        case scalar(String, isPlain: Bool)
        case sequenceStart
        case sequenceEnd
        case mappingStart
        case mappingEnd
    }

    var kind: Kind
    var anchor: String?
    var tag: String?
    var mark: YAMLMark
    /// Behind its last character.
    var end: YAMLMark
}

/// Text that is not YAML.
struct YAMLSyntaxError: Error {
    var problem: String
    var context: String?
    /// nil where libyaml only knows `offset`.
    var mark: YAMLMark?
    /// In bytes from the start; of characters that cannot be read at all.
    var offset: Int
}

/// libyaml's event parser over bytes that outlive it.
///
/// All use of libyaml's pointers is in this file. They are valid because the parser lives in memory of its own at an
/// address that does not change, and because each event is copied before it is deleted.
@safe struct YAMLEvents: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// Calls `body` with the events of `bytes`. `bytes` must not be empty (libyaml asserts that it has a buffer).
    static func read<Result>(
        _ bytes: [UInt8], _ body: (borrowing YAMLEvents) throws(YAMLSyntaxError) -> Result
    ) throws(YAMLSyntaxError) -> Result {
        guard !bytes.isEmpty else { throw YAMLSyntaxError(problem: "the file is empty", offset: 0) }
        if let offset = surplusTagDirective(in: bytes) {
            throw YAMLSyntaxError(
                problem: "more than \(maximumTagDirectives) `%TAG` directives, and tags are not supported",
                offset: offset)
        }
        // Unsafe: the buffer is lent for the whole of the closure, and the parser ends inside of it.
        return try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(YAMLSyntaxError) -> Result in
            guard let events = unsafe YAMLEvents(buffer) else {
                throw YAMLSyntaxError(problem: "out of memory", offset: 0)
            }
            return try body(events)
        }
    }

    /// libyaml compares each with all before it, which for a file full of them takes minutes.
    private static let maximumTagDirectives = 100

    /// Where the first one too many begins, in bytes.
    private static func surplusTagDirective(in bytes: [UInt8]) -> Int? {
        let name: [UInt8] = Array("TAG".utf8)
        var left = maximumTagDirectives
        var next = 0
        while let found = bytes[next...].firstIndex(of: UInt8(ascii: "%")) {
            next = found + 1
            guard found == 0 || endsLine(bytes[found - 1]), bytes[next...].starts(with: name) else { continue }
            guard left > 0 else { return found }
            left -= 1
        }
        return nil
    }

    /// Whether a line break may end in a byte: of LF, CR, NEL, LS and PS in UTF-8.
    private static func endsLine(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x0a, 0x0d, 0x85, 0xa8, 0xa9: true
        default: false
        }
    }

    private init?(_ buffer: UnsafeBufferPointer<UInt8>) {
        unsafe parser = .allocate(capacity: 1)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            return nil
        }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    /// The next event.
    func next() throws(YAMLSyntaxError) -> YAMLEvent {
        // Unsafe: the event is filled in by libyaml, copied, and deleted before this returns.
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        return unsafe Self.copy(event)
    }

    private static func copy(_ event: yaml_event_t) -> YAMLEvent {
        let mark = unsafe Self.mark(event.start_mark)
        let end = unsafe Self.mark(event.end_mark)
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT:
            return YAMLEvent(kind: .streamStart, mark: mark, end: end)
        case YAML_DOCUMENT_START_EVENT:
            return YAMLEvent(kind: .documentStart, mark: mark, end: end)
        case YAML_DOCUMENT_END_EVENT:
            return YAMLEvent(kind: .documentEnd, mark: mark, end: end)
        case YAML_ALIAS_EVENT:
            return YAMLEvent(kind: .alias(unsafe text(event.data.alias.anchor) ?? ""), mark: mark, end: end)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return YAMLEvent(
                kind: .scalar(
                    unsafe String(decoding: bytes, as: UTF8.self),
                    isPlain: unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE),
                anchor: unsafe text(scalar.anchor), tag: unsafe text(scalar.tag), mark: mark, end: end)
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            return YAMLEvent(
                kind: .sequenceStart, anchor: unsafe text(start.anchor), tag: unsafe text(start.tag), mark: mark,
                end: end)
        case YAML_SEQUENCE_END_EVENT:
            return YAMLEvent(kind: .sequenceEnd, mark: mark, end: end)
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            return YAMLEvent(
                kind: .mappingStart, anchor: unsafe text(start.anchor), tag: unsafe text(start.tag), mark: mark,
                end: end)
        case YAML_MAPPING_END_EVENT:
            return YAMLEvent(kind: .mappingEnd, mark: mark, end: end)
        default:
            // The end of the stream, and YAML_NO_EVENT, which libyaml gives once the stream has ended.
            return YAMLEvent(kind: .streamEnd, mark: mark, end: end)
        }
    }

    private func problem() -> YAMLSyntaxError {
        // Unsafe: libyaml's problem and context are string literals of its own.
        let knowsMark = unsafe parser.pointee.error == YAML_SCANNER_ERROR || parser.pointee.error == YAML_PARSER_ERROR
        return unsafe YAMLSyntaxError(
            problem: parser.pointee.problem.map { unsafe String(cString: $0) } ?? "out of memory",
            context: parser.pointee.context.map { unsafe String(cString: $0) },
            mark: knowsMark ? Self.mark(parser.pointee.problem_mark) : nil,
            offset: parser.pointee.problem_offset)
    }

    private static func mark(_ mark: yaml_mark_t) -> YAMLMark {
        YAMLMark(line: mark.line + 1, column: mark.column + 1)
    }

    /// A NUL-terminated string of libyaml's; nil where there is none.
    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe String(cString: pointer)
    }
}
