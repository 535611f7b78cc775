#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace inspection {

/// A string as it stands in a text: what is between its quotes.
struct quoted {
    uint8_t *content;
    size_t length;
    bool has_escapes;
    /// Whether there is a closing quote; without one the content reaches to the end of the text.
    bool is_closed;

    /// The string whose opening quote is right before `content`.
    static quoted read(uint8_t *content, const uint8_t *end) noexcept {
        bool has_escapes = false;
        for (uint8_t *at = content; at < end; at++) {
            if (*at == '"') { return {content, size_t(at - content), has_escapes, true}; }
            if (*at == '\\') {
                has_escapes = true;
                at++;
            }
        }
        return {content, size_t(end - content), has_escapes, false};
    }

    /// What it stands for. Written over the string where there are escapes: one is never longer than what it is written as.
    std::string_view text() noexcept;
};

/// Value of four hexadecimal digits; -1 where they are not.
inline int32_t hexadecimal(std::string_view digits) noexcept {
    if (digits.size() < 4) { return -1; }
    int32_t value = 0;
    for (const char digit : digits.substr(0, 4)) {
        const int32_t nibble = digit >= '0' && digit <= '9' ? digit - '0'
            : digit >= 'a' && digit <= 'f'                  ? digit - 'a' + 10
            : digit >= 'A' && digit <= 'F'                  ? digit - 'A' + 10
                                                            : -1;
        if (nibble < 0) { return -1; }
        value = value * 16 + nibble;
    }
    return value;
}

/// Writes `scalar` as UTF-8 and returns its length.
inline size_t encode(uint32_t scalar, uint8_t *bytes) noexcept {
    if (scalar < 0x80) {
        bytes[0] = uint8_t(scalar);
        return 1;
    }
    if (scalar < 0x800) {
        bytes[0] = uint8_t(0xc0 | scalar >> 6);
        bytes[1] = uint8_t(0x80 | (scalar & 0x3f));
        return 2;
    }
    if (scalar < 0x10000) {
        bytes[0] = uint8_t(0xe0 | scalar >> 12);
        bytes[1] = uint8_t(0x80 | (scalar >> 6 & 0x3f));
        bytes[2] = uint8_t(0x80 | (scalar & 0x3f));
        return 3;
    }
    bytes[0] = uint8_t(0xf0 | scalar >> 18);
    bytes[1] = uint8_t(0x80 | (scalar >> 12 & 0x3f));
    bytes[2] = uint8_t(0x80 | (scalar >> 6 & 0x3f));
    bytes[3] = uint8_t(0x80 | (scalar & 0x3f));
    return 4;
}

/// Reads the escape at the front of `rest`, which starts with a backslash, and takes it away. Writes up to four bytes and
/// returns how many. Lenient where RFC 8259 section 7 is not, as readers behind the gateway are: half a surrogate pair is
/// U+FFFD, and a backslash before any other character stands for that character.
inline size_t take_escape(std::string_view &rest, uint8_t *bytes) noexcept {
    if (rest.size() < 2) {
        rest.remove_prefix(rest.size());
        bytes[0] = '\\';
        return 1;
    }
    const char kind = rest[1];
    rest.remove_prefix(2);
    switch (kind) {
    case 'b': bytes[0] = '\b'; return 1;
    case 'f': bytes[0] = '\f'; return 1;
    case 'n': bytes[0] = '\n'; return 1;
    case 'r': bytes[0] = '\r'; return 1;
    case 't': bytes[0] = '\t'; return 1;
    case 'u': break;
    default: bytes[0] = uint8_t(kind); return 1;
    }
    const int32_t unit = hexadecimal(rest);
    if (unit < 0) {
        bytes[0] = 'u';
        return 1;
    }
    rest.remove_prefix(4);
    if (unit < 0xd800 || unit > 0xdfff) { return encode(uint32_t(unit), bytes); }
    if (unit < 0xdc00 && rest.size() >= 6 && rest[0] == '\\' && rest[1] == 'u') {
        const int32_t low = hexadecimal(rest.substr(2));
        if (low >= 0xdc00 && low <= 0xdfff) {
            rest.remove_prefix(6);
            return encode(0x10000 + (uint32_t(unit - 0xd800) << 10) + uint32_t(low - 0xdc00), bytes);
        }
    }
    return encode(0xfffd, bytes);
}

inline std::string_view quoted::text() noexcept {
    const auto view = [&](size_t count) { return std::string_view(reinterpret_cast<char *>(content), count); };
    if (!has_escapes) { return view(length); }
    std::string_view rest = view(length);
    size_t written = 0;
    while (!rest.empty()) {
        if (rest[0] == '\\') {
            uint8_t bytes[4];
            const size_t count = take_escape(rest, bytes);
            std::memcpy(content + written, bytes, count);
            written += count;
        } else {
            content[written++] = uint8_t(rest[0]);
            rest.remove_prefix(1);
        }
    }
    has_escapes = false;
    length = written;
    return view(written);
}

/// Whether `raw`, what is between the quotes of a string, stands for `expected`.
inline bool stands_for(std::string_view raw, bool has_escapes, std::string_view expected) noexcept {
    if (!has_escapes) { return raw == expected; }
    while (!raw.empty()) {
        uint8_t bytes[4];
        size_t count = 1;
        if (raw[0] == '\\') {
            count = take_escape(raw, bytes);
        } else {
            bytes[0] = uint8_t(raw[0]);
            raw.remove_prefix(1);
        }
        if (count > expected.size() || std::memcmp(expected.data(), bytes, count) != 0) { return false; }
        expected.remove_prefix(count);
    }
    return expected.empty();
}

}  // namespace inspection
