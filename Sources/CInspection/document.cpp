#include "document.hpp"

#include <memory>
#include <new>

#include <simdjson.h>

#include "utf8.hpp"

// simdjson's first stage finds where each token begins, and sees to UTF-8, quotes and control characters in strings.
// Grammar and values are read here: simdjson 3.0.1 refuses whole numbers past 64 bits, and loses long fractions.

struct inspection_document {
    uint64_t seed;
    std::unique_ptr<simdjson::internal::dom_parser_implementation> scanner;
    std::unique_ptr<uint8_t[]> text;
    size_t text_capacity = 0;
    std::unique_ptr<inspection_node[]> nodes;
    size_t node_capacity = 0;
    size_t count = 0;
    size_t length = 0;
    /// Where the latest text ended to be JSON, unless simdjson's first stage said so.
    size_t fault = 0;

    explicit inspection_document(uint64_t seed) noexcept : seed(seed) {}

    /// Memory for a text of `length` bytes. Grows by doubling and stays.
    bool reserve_text(size_t length) noexcept {
        if (length <= text_capacity) { return true; }
        size_t wanted = 4096;
        while (wanted < length) { wanted *= 2; }
        text_capacity = 0;
        text.reset(new (std::nothrow) uint8_t[wanted + simdjson::SIMDJSON_PADDING]);
        if (!text) { return false; }
        const auto error = scanner
            ? scanner->set_capacity(wanted)
            : simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, 1, scanner);
        if (error != simdjson::SUCCESS) {
            scanner.reset();
            return false;
        }
        text_capacity = wanted;
        return true;
    }

    /// Memory for the nodes of a text with so many tokens. Every value but the last of each array or object has a comma
    /// or colon behind it, and every array or object an end, unless the text breaks off in it: there are at most half as
    /// many nodes as tokens, and one for each that is open.
    bool reserve_nodes(size_t tokens) noexcept {
        const size_t needed = tokens / 2 + INSPECTION_MAXIMUM_DEPTH + 2;
        if (needed <= node_capacity) { return true; }
        size_t wanted = 1024;
        while (wanted < needed) { wanted *= 2; }
        node_capacity = 0;
        nodes.reset(new (std::nothrow) inspection_node[wanted]);
        if (!nodes) { return false; }
        node_capacity = wanted;
        return true;
    }

    inspection_reading read(const uint8_t *bytes, size_t length) noexcept;
    inspection_reading build() noexcept;
    bool add_scalar(size_t start, size_t limit, bool is_name) noexcept;
    bool add_string(size_t start, size_t limit, bool is_name) noexcept;
};

namespace {

bool is_space(uint8_t byte) noexcept { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

/// Whether a literal or a number may end before `byte`.
bool is_end(uint8_t byte) noexcept {
    return is_space(byte) || byte == ',' || byte == ']' || byte == '}' || byte == ':' || byte == '[' || byte == '{';
}

}  // namespace

bool inspection_document::add_string(size_t start, size_t limit, bool is_name) noexcept {
    // What lies between the closing quote and the next token is white space.
    size_t end = limit;
    while (is_space(text[end - 1])) { end--; }
    if (end < start + 2 || text[end - 1] != '"') { return false; }
    uint8_t *const content = text.get() + start + 1;
    size_t content_length = end - start - 2;
    if (std::memchr(content, '\\', content_length) != nullptr) {
        content_length = inspection::unescape(content, content_length);
        if (content_length == SIZE_MAX) { return false; }
    }
    uint64_t value = content_length;
    if (is_name) { value |= inspection::hash(content, content_length, seed) << 32; }
    nodes[count] = {INSPECTION_NODE_STRING, uint32_t(start), uint32_t(end), uint32_t(count + 1), value};
    count++;
    return true;
}

/// Adds the string, number or literal at `start`; `limit` is where the next token begins.
bool inspection_document::add_scalar(size_t start, size_t limit, bool is_name) noexcept {
    const uint8_t *const token = text.get() + start;
    inspection_node node = {INSPECTION_NODE_NULL, uint32_t(start), 0, uint32_t(count + 1), 0};
    size_t end = start + 4;
    switch (token[0]) {
    case '"': return add_string(start, limit, is_name);
    // The padding behind the text is long enough for each comparison.
    case 'n':
        if (std::memcmp(token, "null", 4) != 0) { return false; }
        break;
    case 't':
        if (std::memcmp(token, "true", 4) != 0) { return false; }
        node.kind = INSPECTION_NODE_TRUE;
        break;
    case 'f':
        if (std::memcmp(token, "false", 5) != 0) { return false; }
        node.kind = INSPECTION_NODE_FALSE;
        end = start + 5;
        break;
    default: {
        const auto number = inspection::read_number(token, text.get() + limit);
        if (number.end == nullptr) { return false; }
        node.kind = number.kind;
        node.value = number.bits;
        end = size_t(number.end - text.get());
    }
    }
    if (end > limit || (end < length && !is_end(text[end]))) { return false; }
    node.end = uint32_t(end);
    nodes[count++] = node;
    return true;
}

/// The grammar, over the tokens that simdjson has found. On a fault `fault` says where.
inspection_reading inspection_document::build() noexcept {
    enum class expected { value, value_or_end, name, name_or_end, colon, comma_or_end, nothing };
    uint32_t open[INSPECTION_MAXIMUM_DEPTH];
    size_t depth = 0;
    expected state = expected::value;
    const uint32_t *const tokens = scanner->structural_indexes.get();
    const size_t token_count = scanner->n_structural_indexes;
    for (size_t i = 0; i < token_count; i++) {
        const size_t start = tokens[i];
        const size_t limit = i + 1 < token_count ? tokens[i + 1] : length;
        fault = start;
        // Cannot be; see `reserve_nodes`.
        if (start >= limit || limit > length || count == node_capacity) { return INSPECTION_UNREAD; }
        const uint8_t byte = text[start];
        const bool takes_value = state == expected::value || state == expected::value_or_end;
        if (byte == '{' || byte == '[') {
            if (!takes_value || depth == INSPECTION_MAXIMUM_DEPTH) { return INSPECTION_DOCUMENT_NOT_JSON; }
            if (depth > 0) { nodes[open[depth - 1]].value++; }
            const auto kind = byte == '{' ? INSPECTION_NODE_OBJECT : INSPECTION_NODE_ARRAY;
            nodes[count] = {uint32_t(kind), uint32_t(start), 0, 0, 0};
            open[depth++] = uint32_t(count++);
            state = byte == '{' ? expected::name_or_end : expected::value_or_end;
        } else if (byte == '}' || byte == ']') {
            const auto kind = byte == '}' ? INSPECTION_NODE_OBJECT : INSPECTION_NODE_ARRAY;
            const auto empty = byte == '}' ? expected::name_or_end : expected::value_or_end;
            if (depth == 0 || (state != expected::comma_or_end && state != empty)) { return INSPECTION_DOCUMENT_NOT_JSON; }
            inspection_node &node = nodes[open[--depth]];
            if (node.kind != uint32_t(kind)) { return INSPECTION_DOCUMENT_NOT_JSON; }
            node.end = uint32_t(start + 1);
            node.next = uint32_t(count);
            state = depth == 0 ? expected::nothing : expected::comma_or_end;
        } else if (byte == ',') {
            if (state != expected::comma_or_end) { return INSPECTION_DOCUMENT_NOT_JSON; }
            const bool is_object = nodes[open[depth - 1]].kind == INSPECTION_NODE_OBJECT;
            state = is_object ? expected::name : expected::value;
        } else if (byte == ':') {
            if (state != expected::colon) { return INSPECTION_DOCUMENT_NOT_JSON; }
            state = expected::value;
        } else {
            const bool is_name = state == expected::name || state == expected::name_or_end;
            if (is_name ? byte != '"' : !takes_value) { return INSPECTION_DOCUMENT_NOT_JSON; }
            if (!add_scalar(start, limit, is_name)) { return INSPECTION_DOCUMENT_NOT_JSON; }
            if (is_name) {
                state = expected::colon;
            } else {
                if (depth > 0) { nodes[open[depth - 1]].value++; }
                state = depth == 0 ? expected::nothing : expected::comma_or_end;
            }
        }
    }
    fault = length;
    return state == expected::nothing ? INSPECTION_DOCUMENT_JSON : INSPECTION_DOCUMENT_NOT_JSON;
}

inspection_reading inspection_document::read(const uint8_t *bytes, size_t length) noexcept {
    count = 0;
    fault = 0;
    this->length = 0;
    if (length == 0) { return INSPECTION_DOCUMENT_NOT_JSON; }
    if (length > INSPECTION_MAXIMUM_TEXT || !reserve_text(length)) { return INSPECTION_UNREAD; }
    std::memcpy(text.get(), bytes, length);
    // A number at the end must not go on in what an earlier text has left.
    std::memset(text.get() + length, 0, simdjson::SIMDJSON_PADDING);
    this->length = length;
    const auto error = scanner->stage1(text.get(), length, simdjson::stage1_mode::regular);
    if (error == simdjson::MEMALLOC || error == simdjson::CAPACITY) { return INSPECTION_UNREAD; }
    if (error != simdjson::SUCCESS) {
        fault = SIZE_MAX;
        return INSPECTION_DOCUMENT_NOT_JSON;
    }
    if (!reserve_nodes(scanner->n_structural_indexes)) { return INSPECTION_UNREAD; }
    return build();
}

inspection_document *inspection_document_create(uint64_t seed) noexcept {
    return new (std::nothrow) inspection_document(seed);
}

void inspection_document_destroy(inspection_document *document) noexcept { delete document; }

inspection_reading inspection_document_read(
    inspection_document *document, const uint8_t *bytes, size_t length) noexcept {
    const auto reading = document->read(bytes, length);
    if (reading != INSPECTION_DOCUMENT_JSON) { document->count = 0; }
    return reading;
}

inspection_tape inspection_document_tape(const inspection_document *document) noexcept {
    return {document->nodes.get(), document->count, document->text.get(), document->count > 0 ? document->length : 0};
}

size_t inspection_document_fault(inspection_document *document, const uint8_t *bytes, size_t length) noexcept {
    const auto reading = inspection_document_read(document, bytes, length);
    if (reading == INSPECTION_DOCUMENT_JSON) { return length; }
    if (document->fault != SIZE_MAX) { return document->fault; }
    // What simdjson's first stage refuses: a byte that is not UTF-8, a control character in a string, a string without
    // an end.
    bool is_inside = false;
    size_t quote = 0;
    for (size_t i = 0; i < length;) {
        const size_t sequence = bytes[i] < 0x80 ? 1 : inspection::utf8_length(bytes + i, length - i);
        if (sequence == 0 || (is_inside && bytes[i] < 0x20)) { return i; }
        if (bytes[i] == '"') {
            is_inside = !is_inside;
            quote = i;
        }
        i += is_inside && bytes[i] == '\\' ? 2 : sequence;
    }
    return is_inside ? quote : 0;
}

int inspection_equal(const uint8_t *left, const uint8_t *right, size_t length) noexcept {
    return length == 0 || std::memcmp(left, right, length) == 0 ? 1 : 0;
}

uint64_t inspection_hash(const uint8_t *bytes, size_t length, uint64_t seed) noexcept {
    return inspection::hash(bytes, length, seed);
}
