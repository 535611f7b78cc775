#pragma once
#include <array>
#include <string>
#include <vector>

#include <re2/re2.h>

#include "inspection_pattern.h"

struct inspection_pattern {
    re2::RE2 expression;
    /// Those of groups with a name, and each one's index among all groups, both in order.
    std::vector<std::string> names;
    std::vector<int> indices;

    inspection_pattern(std::string_view text, const re2::RE2::Options &options)
        : expression(re2::StringPiece(text.data(), text.size()), options) {}
};

namespace inspection {

/// RE2 tells an empty group from one that took no part by the address, so an empty text needs one too.
inline re2::StringPiece piece(inspection_bytes text) noexcept {
    return text.length == 0 ? re2::StringPiece("", 0)
                            : re2::StringPiece(reinterpret_cast<const char *>(text.bytes), text.length);
}

/// What bounds a pattern's memory, program and caches together. RE2's own default.
constexpr int64_t maximum_pattern_memory = 8 << 20;

/// The same for a set, whose caches hold the states of all its patterns.
constexpr int64_t maximum_set_memory = 32 << 20;

inline re2::RE2::Options pattern_options(int64_t memory) noexcept {
    re2::RE2::Options options;
    // What is wrong is told to the caller, and a hostile text must not write to standard error.
    options.set_log_errors(false);
    options.set_max_mem(memory);
    return options;
}

/// Writes as much of `text` as there is room for, and NUL.
inline void write_message(std::string_view text, char *message, size_t capacity) noexcept {
    if (capacity == 0) { return; }
    const size_t length = std::min(text.size(), capacity - 1);
    text.copy(message, length);
    message[length] = 0;
}

/// False, with a message, for what is empty as a literal or too long.
bool is_acceptable(inspection_bytes text, bool literal, char *message, size_t capacity) noexcept;

}  // namespace inspection
