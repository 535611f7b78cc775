#include "pattern.hpp"

#include <algorithm>
#include <memory>

bool inspection::is_acceptable(inspection_bytes text, bool literal, char *message, size_t capacity) noexcept {
    if (literal && text.length == 0) {
        write_message("an empty text matches everywhere", message, capacity);
        return false;
    }
    if (text.length > INSPECTION_MAXIMUM_EXPRESSION) {
        write_message("longer than 8192 bytes", message, capacity);
        return false;
    }
    return true;
}

inspection_pattern *inspection_pattern_create(
    inspection_bytes text, bool literal, char *message, size_t capacity) noexcept {
    inspection::write_message("", message, capacity);
    if (!inspection::is_acceptable(text, literal, message, capacity)) { return nullptr; }
    try {
        auto options = inspection::pattern_options(inspection::maximum_pattern_memory);
        options.set_literal(literal);
        const auto piece = inspection::piece(text);
        auto pattern = std::make_unique<inspection_pattern>(std::string_view(piece.data(), piece.size()), options);
        if (!pattern->expression.ok()) {
            inspection::write_message(pattern->expression.error(), message, capacity);
            return nullptr;
        }
        for (const auto &[index, name] : pattern->expression.CapturingGroupNames()) {
            if (pattern->names.size() == INSPECTION_MAXIMUM_GROUPS) {
                inspection::write_message("more than 16 named groups", message, capacity);
                return nullptr;
            }
            if (index > INSPECTION_MAXIMUM_GROUP_INDEX) {
                inspection::write_message("a named group behind 128 others: " + name, message, capacity);
                return nullptr;
            }
            // RE2 takes several of a name, and a reader would not know which is meant.
            if (std::find(pattern->names.begin(), pattern->names.end(), name) != pattern->names.end()) {
                inspection::write_message("duplicate group name: " + name, message, capacity);
                return nullptr;
            }
            pattern->names.push_back(name);
            pattern->indices.push_back(index);
        }
        return pattern.release();
    } catch (...) {
        return nullptr;
    }
}

void inspection_pattern_destroy(inspection_pattern *pattern) noexcept { delete pattern; }

size_t inspection_pattern_groups(const inspection_pattern *pattern) noexcept { return pattern->names.size(); }

inspection_bytes inspection_pattern_group(const inspection_pattern *pattern, size_t index) noexcept {
    const std::string &name = pattern->names[index];
    return {reinterpret_cast<const uint8_t *>(name.data()), name.size()};
}

inspection_outcome inspection_pattern_matches(const inspection_pattern *pattern, inspection_bytes text) noexcept {
    try {
        return pattern->expression.Match(
                   inspection::piece(text), 0, text.length, re2::RE2::UNANCHORED, nullptr, 0)
            ? INSPECTION_MATCH
            : INSPECTION_NO_MATCH;
    } catch (...) {
        return INSPECTION_FAILED;
    }
}

inspection_outcome inspection_pattern_find(
    const inspection_pattern *pattern, inspection_bytes text, size_t start, ptrdiff_t *offsets) noexcept {
    if (start > text.length) { return INSPECTION_NO_MATCH; }
    // No more than is asked for: each group costs time.
    const int last = pattern->indices.empty() ? 0 : pattern->indices.back();
    std::array<re2::StringPiece, 1 + INSPECTION_MAXIMUM_GROUP_INDEX> found;
    const auto whole = inspection::piece(text);
    try {
        if (!pattern->expression.Match(
                whole, start, text.length, re2::RE2::UNANCHORED, found.data(), 1 + last)) {
            return INSPECTION_NO_MATCH;
        }
    } catch (...) {
        return INSPECTION_FAILED;
    }
    const auto write = [&](const re2::StringPiece &part) {
        *offsets++ = part.data() == nullptr ? -1 : part.data() - whole.data();
        *offsets++ = part.data() == nullptr ? -1 : part.data() - whole.data() + ptrdiff_t(part.size());
    };
    write(found[0]);
    for (const int index : pattern->indices) { write(found[size_t(index)]); }
    return INSPECTION_MATCH;
}
