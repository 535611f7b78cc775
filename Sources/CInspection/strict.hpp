#pragma once
#include <cstddef>
#include <cstdint>

#include "inspection_edit.h"

namespace inspection {

/// Goes through a text by the grammar of RFC 8259, and nothing but it. Each step is false where the text is not JSON, and
/// is then the last. Linear; recursion is the caller's alone.
class strict_scanner {
public:
    strict_scanner(const uint8_t *text, size_t length) noexcept : text(text), length(length) {}

    size_t position() const noexcept { return at; }
    bool is_at_end() const noexcept { return at == length; }

    /// The byte that comes next; 0, which is none of the grammar's, at the end.
    uint8_t next() const noexcept { return at < length ? text[at] : 0; }

    /// Over white space.
    void skip_space() noexcept {
        while (at < length && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r')) { at++; }
    }

    /// Over this byte, if it is the one that comes next.
    bool take(uint8_t byte) noexcept {
        if (next() != byte || at == length) { return false; }
        at++;
        return true;
    }

    /// Over a string. What is between its quotes are the bytes up to one before `position`.
    bool skip_string(bool &has_escapes) noexcept;

    /// Over a value, and all that is in it. `depth` objects and arrays are open already.
    bool skip_value(size_t depth) noexcept;

private:
    const uint8_t *const text;
    const size_t length;
    size_t at = 0;

    bool skip_escape() noexcept;
    bool skip_number() noexcept;
    bool skip_word(const char *word) noexcept;
    bool skip_digits() noexcept;
    bool skip_key() noexcept;
};

}  // namespace inspection
