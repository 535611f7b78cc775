import PolicyModel

/// Reads one YAML document into a tree, within limits that no file can talk its way out of.
struct YAMLParser {
    /// Of a file.
    static let maximumBytes = 4 * 1024 * 1024
    /// Of one value.
    static let maximumScalarBytes = 64 * 1024
    /// Lists and mappings inside of each other.
    static let maximumNesting = 64
    /// Values and keys, each alias counted as what it stands for.
    static let maximumNodes = 100_000

    struct Outcome {
        /// nil where the document is empty, and where it cannot be used.
        var root: YAMLNode?
        var diagnostics: [Diagnostic]
    }

    private let file: String
    private var diagnostics: [Diagnostic] = []
    private var anchors: [String: YAMLNode] = [:]
    /// Never counts what has been given up.
    private var nodes = 0
    private var depth = 0

    /// Reads on behind what is wrong with a single value; ends at the first thing that is not YAML or is too much of it.
    static func parse(_ source: PolicySource) -> Outcome {
        var parser = YAMLParser(file: source.name)
        var root: YAMLNode?
        do throws(Stop) {
            root = try parser.parse(source)
        } catch {
            parser.refuse(error.mark, error.message)
        }
        return Outcome(root: root, diagnostics: parser.diagnostics)
    }

    private init(file: String) {
        self.file = file
    }

    /// A reason to read no further.
    private struct Stop: Error {
        var mark: YAMLMark
        var message: String
    }

    private mutating func parse(_ source: PolicySource) throws(Stop) -> YAMLNode? {
        let start = YAMLMark(line: 1, column: 1)
        let bytes = source.bytes
        guard bytes.count <= Self.maximumBytes else {
            throw Stop(mark: start, message: "the file has more than 4 MiB")
        }
        guard !bytes.starts(with: [0xff, 0xfe]), !bytes.starts(with: [0xfe, 0xff]) else {
            throw Stop(mark: start, message: "the file is UTF-16; save it as UTF-8")
        }
        let text = source.text
        guard !text.isEmpty else { return nil }

        // The errors of two layers come out through one closure; `Stop` travels as a value.
        let result: Result<YAMLNode?, Stop>
        do throws(YAMLSyntaxError) {
            result = try YAMLEvents.read(text) { (events) throws(YAMLSyntaxError) in
                do throws(Failure) {
                    return .success(try document(events))
                } catch {
                    switch error {
                    case .stop(let stop): return .failure(stop)
                    case .syntax(let syntax): throw syntax
                    }
                }
            }
        } catch {
            let (mark, message) = YAMLSyntaxHint.explain(error, in: text)
            throw Stop(mark: mark, message: message)
        }
        return try result.get()
    }

    private enum Failure: Error {
        case stop(Stop)
        case syntax(YAMLSyntaxError)
    }

    private func next(_ events: borrowing YAMLEvents) throws(Failure) -> YAMLEvent {
        do throws(YAMLSyntaxError) { return try events.next() } catch { throw .syntax(error) }
    }

    private mutating func document(_ events: borrowing YAMLEvents) throws(Failure) -> YAMLNode? {
        var root: YAMLNode?
        var documents = 0
        while true {
            let event = try next(events)
            switch event.kind {
            case .streamStart, .documentEnd: continue
            case .streamEnd:
                // `---` alone is an empty document as well.
                if let node = root, node.scalarKind == .null { return nil }
                return root
            case .documentStart:
                documents += 1
                guard documents == 1 else {
                    throw .stop(
                        Stop(mark: event.mark, message: "a second document; one file holds one, so remove this `---`"))
                }
            default:
                root = try node(event, events)
            }
        }
    }

    /// The node that begins with `event`.
    private mutating func node(_ event: YAMLEvent, _ events: borrowing YAMLEvents) throws(Failure) -> YAMLNode {
        switch event.kind {
        case .alias(let name):
            return try alias(name, event.mark)
        case .scalar(let text, let isPlain):
            guard text.utf8.count <= Self.maximumScalarBytes else {
                throw .stop(Stop(mark: event.mark, message: "a value of more than 64 KiB"))
            }
            try count(1, event.mark)
            checkTag(event, allowed: "tag:yaml.org,2002:str")
            // A value that says it is a string is one, whatever it looks like.
            return remember(
                YAMLNode(
                    content: .scalar(text, isPlain: isPlain && event.tag == nil), position: position(event.mark),
                    count: 1, height: 0),
                event.anchor)
        case .sequenceStart:
            checkTag(event, allowed: "tag:yaml.org,2002:seq")
            return remember(try sequence(event.mark, events), event.anchor)
        default:
            checkTag(event, allowed: "tag:yaml.org,2002:map")
            return remember(try mapping(event.mark, events), event.anchor)
        }
    }

    private mutating func alias(_ name: String, _ mark: YAMLMark) throws(Failure) -> YAMLNode {
        guard let node = anchors[name] else {
            throw .stop(
                Stop(
                    mark: mark,
                    message:
                        "alias \(quoted("*" + name)) stands for nothing: no anchor `&` of that name ends before it; "
                        + "a text that begins with `*` needs quotes"))
        }
        try count(node.count, mark)
        guard depth + node.height <= Self.maximumNesting else { throw tooDeep(mark) }
        return node
    }

    private mutating func sequence(_ mark: YAMLMark, _ events: borrowing YAMLEvents) throws(Failure) -> YAMLNode {
        try descend(mark)
        var elements: [YAMLNode] = []
        while true {
            let event = try next(events)
            if case .sequenceEnd = event.kind { break }
            elements.append(try node(event, events))
        }
        depth -= 1
        return YAMLNode(
            content: .sequence(elements), position: position(mark), count: elements.reduce(1) { $0 + $1.count },
            height: 1 + (elements.map(\.height).max() ?? 0))
    }

    private mutating func mapping(_ mark: YAMLMark, _ events: borrowing YAMLEvents) throws(Failure) -> YAMLNode {
        try descend(mark)
        var entries: [YAMLNode.Entry] = []
        var firstSeen: [String: SourcePosition] = [:]
        while true {
            let keyEvent = try next(events)
            if case .mappingEnd = keyEvent.kind { break }
            let key = try node(keyEvent, events)
            let value = try node(try next(events), events)
            guard let name = keyName(key, keyEvent) else { continue }
            let keyPosition = position(keyEvent.mark)
            if let first = firstSeen[name] {
                refuse(
                    keyEvent.mark,
                    "\(quoted(name)) stands here a second time, first in line \(first.line); remove one of them")
                continue
            }
            firstSeen[name] = keyPosition
            entries.append(YAMLNode.Entry(key: name, keyPosition: keyPosition, value: value))
        }
        depth -= 1
        return YAMLNode(
            content: .mapping(entries), position: position(mark),
            count: entries.reduce(1) { $0 + 1 + $1.value.count },
            height: 1 + (entries.map(\.value.height).max() ?? 0))
    }

    /// nil, and a diagnostic, where a key is anything but a string that is written out.
    private mutating func keyName(_ key: YAMLNode, _ event: YAMLEvent) -> String? {
        guard case .scalar(let text, let isPlain) = key.content else {
            refuse(event.mark, "a key must be a name, not \(key.kindDescription)")
            return nil
        }
        if case .alias = event.kind {
            refuse(event.mark, "a key must be written out, not an alias")
            return nil
        }
        if text == "<<", isPlain {
            refuse(
                event.mark, "merge keys (`<<`) are not supported; write the keys out, or use `*name` for a whole value")
            return nil
        }
        guard key.scalarKind == .string else {
            refuse(event.mark, "a key must be a name; if \(quoted(text)) is meant as one, put it in quotes")
            return nil
        }
        return text
    }

    /// A tag other than the one that says what the value is anyway would have something constructed.
    private mutating func checkTag(_ event: YAMLEvent, allowed: String) {
        guard let tag = event.tag, tag != allowed else { return }
        refuse(event.mark, "tags are not supported, so remove \(quoted(tag)); a value in quotes is a string")
    }

    private mutating func descend(_ mark: YAMLMark) throws(Failure) {
        try count(1, mark)
        depth += 1
        guard depth <= Self.maximumNesting else { throw tooDeep(mark) }
    }

    private func tooDeep(_ mark: YAMLMark) -> Failure {
        .stop(Stop(mark: mark, message: "lists and mappings are nested more than \(Self.maximumNesting) deep"))
    }

    /// Both numbers stay at or below the limit, so the sum cannot overflow.
    private mutating func count(_ more: Int, _ mark: YAMLMark) throws(Failure) {
        nodes += more
        guard nodes <= Self.maximumNodes else {
            throw .stop(
                Stop(mark: mark, message: "more than 100,000 values, each alias counted as all that it stands for"))
        }
    }

    private mutating func remember(_ node: YAMLNode, _ anchor: String?) -> YAMLNode {
        if let anchor { anchors[anchor] = node }
        return node
    }

    private func position(_ mark: YAMLMark) -> SourcePosition {
        SourcePosition(file: file, line: mark.line, column: mark.column)
    }

    private mutating func refuse(_ mark: YAMLMark, _ message: String) {
        diagnostics.append(Diagnostic(position: position(mark), message: message))
    }
}
