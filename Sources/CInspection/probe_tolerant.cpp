#include "probe.hpp"
#include "utf8.hpp"

namespace inspection {

namespace {

class tolerant_reader {
public:
    tolerant_reader(const inspection_probe &probe, findings &found, uint8_t *text, size_t length) noexcept
        : probe(probe), found(found), at(text), end(text + length) {}

    /// One value after another; whatever stands between them is stepped over.
    void read_all() noexcept {
        while (!found.is_done()) {
            skip_space();
            if (at == end) { return; }
            if (is_punctuation(*at)) {
                at++;
            } else {
                read(probe.root());
            }
        }
    }

private:
    const inspection_probe &probe;
    findings &found;
    uint8_t *at;
    uint8_t *const end;

    static bool is_space(uint8_t byte) noexcept { return byte <= ' '; }
    static bool is_open(uint8_t byte) noexcept { return byte == '{' || byte == '['; }
    static bool is_close(uint8_t byte) noexcept { return byte == '}' || byte == ']'; }
    static bool is_punctuation(uint8_t byte) noexcept { return byte == ',' || byte == ':' || is_close(byte); }

    void skip_space() noexcept {
        while (at < end && is_space(*at)) { at++; }
    }

    /// Behind the string whose opening quote is here.
    quoted take_string() noexcept {
        const auto string = quoted::read(at + 1, end);
        at = string.content + string.length + (string.is_closed ? 1 : 0);
        return string;
    }

    /// Behind the bracket that closes the innermost of `depth` containers that are open here.
    void close(size_t depth) noexcept {
        while (at < end && depth > 0) {
            if (*at == '"') {
                take_string();
                continue;
            }
            if (is_open(*at)) {
                depth++;
            } else if (is_close(*at)) {
                depth--;
            }
            at++;
        }
    }

    /// The value that begins here, which is no punctuation. Leaves `at` behind it.
    void read(const place &place) noexcept {
        switch (*at) {
        case '{':
            found.found_object(place);
            at++;
            place.members.empty() ? close(1) : read_members(place);
            break;
        case '[':
            found.found_array(place);
            at++;
            place.elements.empty() ? close(1) : read_elements(place);
            break;
        case '"': {
            auto string = take_string();
            string.is_closed ? found.found_string(place, string.text()) : found.found_any(place);
            break;
        }
        default: {
            const uint8_t *const start = at;
            skip_word();
            found.found_word(place, std::string_view(reinterpret_cast<const char *>(start), size_t(at - start)));
        }
        }
    }

    void skip_word() noexcept {
        while (at < end && !is_space(*at) && !is_open(*at) && !is_punctuation(*at) && *at != '"') { at++; }
    }

    void skip() noexcept {
        if (is_open(*at)) {
            at++;
            close(1);
        } else if (*at == '"') {
            take_string();
        } else {
            skip_word();
        }
    }

    /// Reads or skips the value here, if there is one.
    void read_or_skip(const place *place) noexcept {
        skip_space();
        if (at == end || is_punctuation(*at)) { return; }
        place == nullptr ? skip() : read(*place);
    }

    /// Behind a value in a container: whether there is more of it. Where it makes no sense, it is stepped over.
    bool has_more() noexcept {
        skip_space();
        if (at == end) { return false; }
        if (*at == ',') {
            at++;
            return true;
        }
        close(1);
        return false;
    }

    void read_members(const place &from) noexcept {
        do {
            skip_space();
            if (at == end) { return; }
            if (*at != '"') { return close(1); }
            auto key = take_string();
            if (!key.is_closed) { return; }
            skip_space();
            if (at == end) { return; }
            if (*at != ':') { return close(1); }
            at++;
            read_or_skip(probe.member(from, key.text()));
        } while (!found.is_done() && has_more());
    }

    void read_elements(const place &from) noexcept {
        auto next = from.elements.begin();
        uint64_t index = 0;
        do {
            const bool is_wanted = next != from.elements.end() && next->first == index;
            read_or_skip(is_wanted ? &probe.places[next->second] : nullptr);
            if (is_wanted) { ++next; }
            index++;
        } while (!found.is_done() && has_more());
    }
};

}  // namespace

void read_tolerantly(const inspection_probe &probe, findings &found, uint8_t *text, size_t length) noexcept {
    replace_invalid(text, length);
    tolerant_reader(probe, found, text, length).read_all();
}

}  // namespace inspection
