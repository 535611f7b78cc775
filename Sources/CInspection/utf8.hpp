#pragma once
#include <cstddef>
#include <cstdint>

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

}  // namespace inspection
