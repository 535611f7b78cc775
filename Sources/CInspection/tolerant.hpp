#pragma once
#include <cstddef>
#include <cstdint>

// simdjson refuses a text as a whole for things that WebSocket servers put up with: bytes behind the first value
// (Go's json.Decoder), several values in one message (SignalR ends each with 0x1E), control characters in a string, bytes
// that are not UTF-8 (Go and Node put U+FFFD in their place). A rule that such a byte could switch off would be none, so a
// text that simdjson refuses is made acceptable here and looked at value by value.

namespace inspection {

/// Length of the UTF-8 sequence at `bytes` (RFC 3629); 0 where there is none.
inline size_t utf8_length(const uint8_t *bytes, size_t available) noexcept {
    const uint8_t first = bytes[0];
    const size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length == 0 || length > available) { return 0; }
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) { return 0; }
    }
    // Overlong forms, surrogates, and what lies above U+10FFFF.
    if ((first == 0xe0 && bytes[1] < 0xa0) || (first == 0xed && bytes[1] > 0x9f) || (first == 0xf0 && bytes[1] < 0x90)
        || (first == 0xf4 && bytes[1] > 0x8f)) {
        return 0;
    }
    return length;
}

/// Puts `?` for each byte that is not UTF-8. No quote, brace or comma moves.
inline void replace_invalid(uint8_t *bytes, size_t length) noexcept {
    size_t i = 0;
    while (i < length) {
        const size_t sequence = bytes[i] < 0x80 ? 1 : utf8_length(bytes + i, length - i);
        if (sequence == 0) { bytes[i] = '?'; }
        i += sequence == 0 ? 1 : sequence;
    }
}

/// The same, and a space for each control character.
inline void sanitize(uint8_t *bytes, size_t length) noexcept {
    replace_invalid(bytes, length);
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < 0x20) { bytes[i] = ' '; }
    }
}

/// Behind the string that starts with the quote at `at`; `length` where it does not end.
inline size_t end_of_string(const uint8_t *bytes, size_t length, size_t at) noexcept {
    for (size_t i = at + 1; i < length; i++) {
        if (bytes[i] == '\\') {
            i++;
        } else if (bytes[i] == '"') {
            return i + 1;
        }
    }
    return length;
}

/// Behind the value that starts at `at`: a container to its closing bracket, a string, or a run of other bytes.
inline size_t end_of_value(const uint8_t *bytes, size_t length, size_t at) noexcept {
    if (bytes[at] == '"') { return end_of_string(bytes, length, at); }
    if (bytes[at] != '{' && bytes[at] != '[') {
        size_t i = at + 1;
        while (i < length && bytes[i] != ' ' && bytes[i] != '{' && bytes[i] != '[' && bytes[i] != '"') { i++; }
        return i;
    }
    size_t depth = 0;
    size_t i = at;
    while (i < length) {
        switch (bytes[i]) {
        case '"': i = end_of_string(bytes, length, i); continue;
        case '{':
        case '[': depth++; break;
        case '}':
        case ']':
            if (--depth == 0) { return i + 1; }
            break;
        default: break;
        }
        i++;
    }
    return length;
}

}  // namespace inspection
