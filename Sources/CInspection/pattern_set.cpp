#include <memory>

#include <re2/set.h>

#include "pattern.hpp"

struct inspection_pattern_set {
    re2::RE2::Set set{inspection::pattern_options(inspection::maximum_set_memory), re2::RE2::UNANCHORED};
    size_t count = 0;
};

inspection_pattern_set *inspection_pattern_set_create(void) noexcept {
    try {
        return new inspection_pattern_set();
    } catch (...) {
        return nullptr;
    }
}

void inspection_pattern_set_destroy(inspection_pattern_set *set) noexcept { delete set; }

bool inspection_pattern_set_add(
    inspection_pattern_set *set, inspection_bytes text, bool literal, char *message, size_t capacity) noexcept {
    inspection::write_message("", message, capacity);
    if (!inspection::is_acceptable(text, literal, message, capacity)) { return false; }
    try {
        std::string error;
        const auto piece = inspection::piece(text);
        // The set has one choice between literals and expressions for all of its patterns.
        const int index = literal ? set->set.Add(re2::RE2::QuoteMeta(piece), &error) : set->set.Add(piece, &error);
        if (index < 0) {
            inspection::write_message(error, message, capacity);
            return false;
        }
        set->count++;
        return true;
    } catch (...) {
        return false;
    }
}

bool inspection_pattern_set_compile(inspection_pattern_set *set) noexcept {
    try {
        return set->set.Compile();
    } catch (...) {
        return false;
    }
}

bool inspection_pattern_set_match(
    const inspection_pattern_set *set, inspection_bytes text, uint64_t *words) noexcept {
    try {
        const auto piece = inspection::piece(text);
        re2::RE2::Set::ErrorInfo info{re2::RE2::Set::kNoError};
        // Most messages match nothing, and to ask which match costs allocations.
        if (!set->set.Match(piece, nullptr, &info)) { return info.kind == re2::RE2::Set::kNoError; }
        if (set->count == 1) {
            words[0] |= 1;
            return true;
        }
        // Kept by the thread from message to message.
        thread_local std::vector<int> indices;
        if (!set->set.Match(piece, &indices, &info)) { return false; }
        for (const int index : indices) { words[index / 64] |= uint64_t(1) << (index % 64); }
        return true;
    } catch (...) {
        return false;
    }
}
