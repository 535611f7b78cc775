#pragma once
#include <cstddef>
#include <cstdint>

#include "text.hpp"

namespace inspection {

/// A text in UTF-16 or UTF-32, which Python's `json.loads` takes from a binary message as it takes UTF-8: it goes by a byte
/// order mark, or by which of the first four bytes are 0, as RFC 4627 section 3 has it.
class wide_text {
public:
    wide_text(const uint8_t *bytes, size_t length) noexcept : bytes(bytes), count(length) {
        const auto zero = [&](size_t i) { return i >= length || bytes[i] == 0; };
        const auto begins = [&](uint8_t first, uint8_t second) { return bytes[0] == first && bytes[1] == second; };
        if (length < 2) { return; }
        if (begins(0xff, 0xfe)) {
            width = length >= 4 && zero(2) && zero(3) ? 4 : 2;
            start = width;
        } else if (begins(0xfe, 0xff)) {
            start = width = 2;
            is_big = true;
        } else if (length >= 4 && begins(0, 0) && bytes[2] == 0xfe && bytes[3] == 0xff) {
            start = width = 4;
            is_big = true;
        } else if (zero(0)) {
            width = zero(1) && length >= 4 ? 4 : 2;
            is_big = true;
        } else if (zero(1)) {
            width = length >= 4 && zero(2) && zero(3) ? 4 : 2;
        }
    }

    bool is_one() const noexcept { return width != 0; }

    /// Bytes of UTF-8 that it comes to.
    size_t length() const noexcept {
        size_t total = 0;
        uint8_t scratch[4];
        for (size_t at = start; at < count;) { total += encode(next(at), scratch); }
        return total;
    }

    /// Writes it as UTF-8. What is no character is U+FFFD.
    void write(uint8_t *to) const noexcept {
        for (size_t at = start; at < count;) { to += encode(next(at), to); }
    }

private:
    const uint8_t *bytes;
    size_t count;
    size_t start = 0;
    /// Bytes of a unit; 0 where it is neither of the two.
    size_t width = 0;
    bool is_big = false;

    /// The unit at `at`; bytes that are missing at the end are 0.
    uint32_t unit(size_t at) const noexcept {
        uint32_t value = 0;
        for (size_t i = 0; i < width; i++) {
            const size_t place = at + (is_big ? i : width - 1 - i);
            value = value << 8 | (place < count ? bytes[place] : 0);
        }
        return value;
    }

    /// The character at `at`, which moves behind it.
    uint32_t next(size_t &at) const noexcept {
        const uint32_t first = unit(at);
        at += width;
        if (first < 0xd800 || (first > 0xdfff && first < 0x110000)) { return first; }
        if (width == 2 && first < 0xdc00 && at < count) {
            const uint32_t low = unit(at);
            if (low >= 0xdc00 && low <= 0xdfff) {
                at += width;
                return 0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00);
            }
        }
        return 0xfffd;
    }
};

}  // namespace inspection
