#include <cstring>
#include <new>
#include <type_traits>

#include "parser.hpp"
#include "probe.hpp"
#include "wide.hpp"

namespace ondemand = simdjson::ondemand;

namespace {

/// Goes through a text with simdjson, which says quickly where values begin and end. What it refuses, or where it loses
/// its way, the tolerant reader looks at again.
class quick_reader {
public:
    quick_reader(const inspection_probe &probe, inspection::findings &found, uint8_t *text, size_t length) noexcept
        : probe(probe), found(found), text(text), length(length) {}

    /// False where memory ran out. `broken` is set where more of the text may be there than was read.
    bool read_all(ondemand::parser &parser, bool &is_broken) noexcept {
        ondemand::document document;
        const auto error = parser.iterate(text, length, length + simdjson::SIMDJSON_PADDING).get(document);
        if (error == simdjson::MEMALLOC || error == simdjson::CAPACITY) { return false; }
        if (error != simdjson::SUCCESS) {
            is_broken = true;
            return true;
        }
        read(document, probe.root());
        // Read to its end and nothing behind it: only then was this the whole message.
        const char *rest;
        is_broken = broken || document.current_location().get(rest) == simdjson::SUCCESS;
        return true;
    }

private:
    const inspection_probe &probe;
    inspection::findings &found;
    uint8_t *const text;
    const size_t length;
    bool broken = false;

    /// Nothing more can be read, or need be.
    bool is_over() const noexcept { return broken || found.is_done(); }

    template <typename Value>
    void read(Value &value, const inspection::place &place) noexcept {
        ondemand::json_type type;
        if (value.type().get(type) != simdjson::SUCCESS) {
            broken = true;
            return;
        }
        switch (type) {
        case ondemand::json_type::object:
            found.found_object(place);
            // One that stands at the root is read in any case, to find out whether it ends.
            if (std::is_same_v<Value, ondemand::document> || !place.members.empty()) { read_members(value, place); }
            break;
        case ondemand::json_type::array:
            found.found_array(place);
            if (std::is_same_v<Value, ondemand::document> || !place.elements.empty()) { read_elements(value, place); }
            break;
        default:
            if constexpr (std::is_same_v<Value, ondemand::value>) {
                read_scalar(value.raw_json_token(), place);
            } else {
                broken = true;
            }
        }
    }

    template <typename Value>
    void read_members(Value &value, const inspection::place &from) noexcept {
        ondemand::object object;
        if (value.get_object().get(object) != simdjson::SUCCESS) {
            broken = true;
            return;
        }
        for (auto entry : object) {
            ondemand::field field;
            if (std::move(entry).get(field) != simdjson::SUCCESS) {
                broken = true;
                return;
            }
            // Compared without its escapes: "ty\u0070e" is "type" to the upstream. And no end at the first of a name:
            // upstreams differ in which of several they use.
            auto key = inspection::quoted::read(writable(field.key().raw()), text + length);
            const auto *const place = probe.member(from, key.text());
            if (!is_value(field.value())) { broken = true; }
            if (place != nullptr) { read(field.value(), *place); }
            if (is_over()) { return; }
        }
    }

    template <typename Value>
    void read_elements(Value &value, const inspection::place &from) noexcept {
        ondemand::array array;
        if (value.get_array().get(array) != simdjson::SUCCESS) {
            broken = true;
            return;
        }
        auto next = from.elements.begin();
        uint64_t index = 0;
        for (auto entry : array) {
            ondemand::value element;
            if (std::move(entry).get(element) != simdjson::SUCCESS) {
                broken = true;
                return;
            }
            if (!is_value(element)) { broken = true; }
            if (next != from.elements.end() && next->first == index) {
                read(element, probe.places[next->second]);
                ++next;
            }
            if (is_over()) { return; }
            index++;
        }
    }

    /// simdjson steps over a comma, a colon or a closing bracket that stands where none belongs, and takes what follows for
    /// what it is not.
    bool is_value(ondemand::value &value) const noexcept {
        const auto token = value.raw_json_token();
        const char first = token[0];
        // The text has padding behind it, where the token may end.
        return first != ',' && first != ':' && first != ']' && first != '}' && token.data()[token.size()] != ':';
    }

    /// `token` reaches from the value to whatever comes next. simdjson's own readers of numbers are not asked: in 3.0.1 one
    /// loses the value of a fraction with more than 19 digits.
    void read_scalar(std::string_view token, const inspection::place &place) noexcept {
        if (token[0] == '"') {
            auto string = inspection::quoted::read(writable(token.data()) + 1, text + length);
            string.is_closed ? found.found_string(place, string.text()) : found.found_any(place);
            return;
        }
        const size_t last = token.find_last_not_of(" \t\n\r");
        found.found_word(place, token.substr(0, last == std::string_view::npos ? 0 : last + 1));
    }

    /// Into the text, which is this reader's own, and which simdjson is behind by then.
    uint8_t *writable(const char *inside) const noexcept {
        return text + (reinterpret_cast<const uint8_t *>(inside) - text);
    }
};

bool begins_a_container(const uint8_t *text, size_t length) noexcept {
    size_t at = 0;
    while (at < length && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) { at++; }
    return at < length && (text[at] == '{' || text[at] == '[');
}

}  // namespace

inspection_parser *inspection_parser_create(void) noexcept { return new (std::nothrow) inspection_parser(); }

void inspection_parser_destroy(inspection_parser *parser) noexcept { delete parser; }

namespace {

/// Looks at a text of `length` bytes that `write` puts into the parser's memory, twice where it is broken.
template <typename Write>
bool scan(
    inspection_parser &parser, const inspection_probe &probe, inspection::findings &found, size_t length,
    Write write) noexcept {
    if (!parser.reserve(length)) { return false; }
    uint8_t *const text = parser.buffer.get();
    write(text);
    if (begins_a_container(text, length)) {
        std::memset(text + length, 0, simdjson::SIMDJSON_PADDING);
        bool is_broken = false;
        if (!quick_reader(probe, found, text, length).read_all(parser.parser, is_broken)) { return false; }
        if (!is_broken || found.is_done()) { return !found.has_failed(); }
        // Again: strings have been written over.
        write(text);
    }
    inspection::read_tolerantly(probe, found, text, length);
    return !found.has_failed();
}

}  // namespace

bool inspection_scan(
    inspection_parser *parser, const inspection_probe *probe, inspection_bytes message, uint64_t *words) noexcept {
    const uint8_t *bytes = message.bytes;
    size_t length = message.length;
    inspection::findings found(words, probe->count);
    if (probe->count == 0) { return true; }
    const inspection::wide_text wide(bytes, length);
    if (wide.is_one()) {
        const auto write = [&](uint8_t *text) { wide.write(text); };
        if (!scan(*parser, *probe, found, wide.length(), write)) { return false; }
        if (found.is_done()) { return true; }
    }
    // A byte order mark is none of JSON's, yet .NET and Python step over it.
    if (length >= 3 && std::memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    if (length == 0) { return true; }
    return scan(*parser, *probe, found, length, [&](uint8_t *text) { std::memcpy(text, bytes, length); });
}
