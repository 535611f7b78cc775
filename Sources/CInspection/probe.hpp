#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "inspection_probe.h"
#include "key_table.hpp"
#include "number.hpp"
#include "pattern.hpp"
#include "text.hpp"

// A probe is a trie of pointers. A reader of messages walks along it: it hands each value that a pointer names to the
// place, and goes down only where there are pointers that lead on.

namespace inspection {

using tests = std::vector<uint32_t>;

/// A place in the trie: where its pointers lead on to, and what is asked of a value that stands there.
struct place {
    key_table<inspection_place> members;
    /// In order. A token that is an index leads on from a member of that name as well.
    std::vector<std::pair<uint64_t, inspection_place>> elements;

    tests any;
    /// By inspection_type.
    std::array<tests, 7> types;
    key_table<tests> strings;
    std::unordered_map<int64_t, tests> integers;
    /// Never NaN, which equals nothing; and 0 for -0.
    std::unordered_map<double, tests> doubles;
    /// false and true.
    std::array<tests, 2> booleans;
    tests null;

    struct limit {
        uint32_t test;
        inspection_side side;
        bool is_integer;
        int64_t integer;
        double number;
    };
    std::vector<limit> limits;
    std::vector<std::pair<uint32_t, const inspection_pattern *>> patterns;
};

/// What is found in one message.
class findings {
public:
    findings(uint64_t *words, size_t count) noexcept : words(words), left(count) {}

    /// Nothing is left to find, or finding it failed: to read on is of no use.
    bool is_done() const noexcept { return left == 0 || failed; }
    bool has_failed() const noexcept { return failed; }

    /// A value that is there but cannot be read.
    void found_any(const place &at) noexcept { set(at.any); }
    void found_object(const place &at) noexcept { found(at, INSPECTION_TYPE_OBJECT); }
    void found_array(const place &at) noexcept { found(at, INSPECTION_TYPE_ARRAY); }
    void found_null(const place &at) noexcept;
    void found_boolean(const place &at, bool value) noexcept;
    void found_number(const place &at, const number &value) noexcept;
    /// `text` without escapes.
    void found_string(const place &at, std::string_view text) noexcept;
    /// A literal or a number as it is written; anything else is a value that cannot be read.
    void found_word(const place &at, std::string_view word) noexcept;

private:
    uint64_t *words;
    size_t left;
    bool failed = false;

    bool has(uint32_t test) const noexcept { return (words[test / 64] >> (test % 64) & 1) != 0; }
    void set(uint32_t test) noexcept {
        if (has(test)) { return; }
        words[test / 64] |= uint64_t(1) << (test % 64);
        left--;
    }
    void set(const tests &tests) noexcept {
        for (const uint32_t test : tests) { set(test); }
    }
    void found(const place &at, inspection_type type) noexcept {
        set(at.any);
        set(at.types[type]);
    }
    template <typename Number>
    void set(const std::unordered_map<Number, tests> &table, Number key) noexcept {
        if (table.empty()) { return; }
        const auto entry = table.find(key);
        if (entry != table.end()) { set(entry->second); }
    }
};

}  // namespace inspection

struct inspection_probe {
    /// The first one is the root.
    std::vector<inspection::place> places{1};
    /// What the tables' keys point into; it never moves.
    std::deque<std::string> texts;
    /// One more than the highest test.
    size_t count = 0;

    const inspection::place &root() const noexcept { return places[0]; }
    const inspection::place *member(const inspection::place &at, std::string_view key) const noexcept {
        const auto *const next = at.members.find(key);
        return next == nullptr ? nullptr : &places[*next];
    }
};

namespace inspection {

// simdjson refuses a text as a whole for things that WebSocket servers put up with: bytes behind the first value (Go's
// json.Decoder), several values in one message (SignalR ends each with 0x1E), control characters in a string, bytes that are
// not UTF-8 (Go and Node put U+FFFD in their place). A rule that such a byte could switch off would be none.

/// Reads a text that may be anything, value by value, and as much of each as can be made out: where an object or an array
/// stops making sense, what is left of it is stepped over to the bracket that closes it, whatever its kind. Control
/// characters between values are white space. Linear in `length`; the text is overwritten.
void read_tolerantly(const inspection_probe &probe, findings &found, uint8_t *text, size_t length) noexcept;

}  // namespace inspection
