#include "probe.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>

#include "pointer.hpp"

namespace inspection {

void findings::found_null(const place &at) noexcept {
    found(at, INSPECTION_TYPE_NULL);
    set(at.null);
}

void findings::found_boolean(const place &at, bool value) noexcept {
    found(at, INSPECTION_TYPE_BOOLEAN);
    set(at.booleans[value ? 1 : 0]);
}

void findings::found_number(const place &at, const number &value) noexcept {
    found(at, INSPECTION_TYPE_NUMBER);
    if (value.is_whole()) { set(at.types[INSPECTION_TYPE_INTEGER]); }
    const auto integer = value.integer();
    if (integer) { set(at.integers, *integer); }
    if (!at.integers.empty() && !value.is_plain()) {
        // What most readers make of 1.0000000000000000000001.
        if (const auto rounded = exact_integer(value.nearest())) { set(at.integers, *rounded); }
    }
    if (!at.doubles.empty()) {
        const auto natural = value.natural();
        const auto number = !value.is_plain() ? std::optional(value.nearest())
            : integer                         ? exact_double(*integer)
            : natural                         ? exact_double(*natural)
                                              : std::optional(value.nearest());
        if (number && std::isfinite(*number)) { set(at.doubles, *number + 0.0); }
    }
    for (const auto &limit : at.limits) {
        if (has(limit.test)) { continue; }
        const int order = limit.is_integer ? value.compare(limit.integer) : value.compare(limit.number);
        if (limit.side == INSPECTION_OVER ? order > 0 : order < 0) { set(limit.test); }
    }
}

void findings::found_string(const place &at, std::string_view text) noexcept {
    found(at, INSPECTION_TYPE_STRING);
    if (const auto *const tests = at.strings.find(text)) { set(*tests); }
    for (const auto &[test, pattern] : at.patterns) {
        if (has(test)) { continue; }
        switch (inspection_pattern_matches(pattern, {reinterpret_cast<const uint8_t *>(text.data()), text.size()})) {
        case INSPECTION_MATCH: set(test); break;
        case INSPECTION_NO_MATCH: break;
        case INSPECTION_FAILED: failed = true; return;
        }
    }
}

void findings::found_word(const place &at, std::string_view word) noexcept {
    if (word == "null") { return found_null(at); }
    if (word == "true" || word == "false") { return found_boolean(at, word == "true"); }
    if (const auto value = number::read(word)) { return found_number(at, *value); }
    found_any(at);
}

namespace {

std::string_view view(const inspection_bytes &part) noexcept {
    return std::string_view(reinterpret_cast<const char *>(part.bytes), part.length);
}

/// Runs `add`, which may throw, on the place, and counts the test.
template <typename Add>
bool adding(inspection_probe *probe, inspection_place place, uint32_t test, Add add) noexcept {
    if (place >= probe->places.size()) { return false; }
    try {
        if (!add(probe->places[place])) { return false; }
    } catch (...) {
        return false;
    }
    probe->count = std::max(probe->count, size_t(test) + 1);
    return true;
}

}  // namespace

}  // namespace inspection

using inspection::adding;
using inspection::place;

inspection_probe *inspection_probe_create(void) noexcept {
    try {
        return new inspection_probe();
    } catch (...) {
        return nullptr;
    }
}

void inspection_probe_destroy(inspection_probe *probe) noexcept { delete probe; }

inspection_place inspection_probe_place(
    inspection_probe *probe, const inspection_bytes *tokens, size_t count) noexcept {
    if (count > INSPECTION_MAXIMUM_TOKENS) { return INSPECTION_NO_PLACE; }
    try {
        inspection_place at = 0;
        for (size_t i = 0; i < count; i++) {
            const std::string_view text = inspection::view(tokens[i]);
            if (const auto *const known = probe->places[at].members.find(text)) {
                at = *known;
                continue;
            }
            const auto next = inspection_place(probe->places.size());
            const inspection::token token(text);
            probe->places.emplace_back();
            place &from = probe->places[at];
            from.members.add(probe->texts.emplace_back(text)) = next;
            if (token.is_index) {
                const auto element = std::pair(token.index, next);
                from.elements.insert(
                    std::upper_bound(from.elements.begin(), from.elements.end(), element), element);
            }
            at = next;
        }
        return at;
    } catch (...) {
        return INSPECTION_NO_PLACE;
    }
}

bool inspection_probe_expect(
    inspection_probe *probe, inspection_place place, uint32_t test, const inspection_scalar *expected) noexcept {
    return adding(probe, place, test, [&](inspection::place &at) {
        switch (expected->kind) {
        case INSPECTION_NULL: at.null.push_back(test); return true;
        case INSPECTION_BOOLEAN: at.booleans[expected->integer != 0 ? 1 : 0].push_back(test); return true;
        case INSPECTION_INTEGER:
            at.integers[expected->integer].push_back(test);
            return true;
        case INSPECTION_DOUBLE:
            if (!std::isfinite(expected->number)) { return false; }
            at.doubles[expected->number + 0.0].push_back(test);
            return true;
        case INSPECTION_STRING: {
            const auto text = inspection::view(expected->string);
            auto *const known = at.strings.find(text);
            (known != nullptr ? *known : at.strings.add(probe->texts.emplace_back(text))).push_back(test);
            return true;
        }
        }
        return false;
    });
}

bool inspection_probe_expect_any(inspection_probe *probe, inspection_place place, uint32_t test) noexcept {
    return adding(probe, place, test, [&](inspection::place &at) {
        at.any.push_back(test);
        return true;
    });
}

bool inspection_probe_expect_type(
    inspection_probe *probe, inspection_place place, uint32_t test, inspection_type type) noexcept {
    return adding(probe, place, test, [&](inspection::place &at) {
        if (size_t(type) >= at.types.size()) { return false; }
        at.types[type].push_back(test);
        return true;
    });
}

bool inspection_probe_expect_number(
    inspection_probe *probe, inspection_place place, uint32_t test, inspection_side side,
    const inspection_scalar *limit) noexcept {
    return adding(probe, place, test, [&](inspection::place &at) {
        const bool is_integer = limit->kind == INSPECTION_INTEGER;
        if (!is_integer && (limit->kind != INSPECTION_DOUBLE || !std::isfinite(limit->number))) { return false; }
        // A whole double is compared as the integer that it is.
        const auto integer = is_integer ? limit->integer : inspection::exact_integer(limit->number);
        at.limits.push_back({test, side, integer.has_value(), integer.value_or(0), limit->number});
        return true;
    });
}

bool inspection_probe_expect_match(
    inspection_probe *probe, inspection_place place, uint32_t test, const inspection_pattern *pattern) noexcept {
    return adding(probe, place, test, [&](inspection::place &at) {
        at.patterns.emplace_back(test, pattern);
        return true;
    });
}
