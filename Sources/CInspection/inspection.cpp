#include "CInspection.h"

#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <simdjson.h>

#include "parser.hpp"
#include "pointer.hpp"
#include "tolerant.hpp"

namespace ondemand = simdjson::ondemand;

struct inspection_test {
    std::vector<inspection::token> tokens;
    inspection_kind kind;
    int64_t integer;
    double number;
    std::string string;
};

namespace {

bool equals(double found, int64_t expected) noexcept {
    // 2^63 is a double, and the first one that is no int64_t.
    return found >= -9223372036854775808.0 && found < 9223372036854775808.0 && int64_t(found) == expected
        && double(int64_t(found)) == found;
}

bool equals(uint64_t found, double expected) noexcept {
    return expected >= 0 && expected < 18446744073709551616.0 && uint64_t(expected) == found
        && double(uint64_t(expected)) == expected;
}

/// Not through simdjson's `get_number`: in 3.0.1 that loses the value of a fraction with more than 19 digits.
bool number_equals(ondemand::value &value, const inspection_test &test) noexcept {
    ondemand::number_type type;
    if (value.get_number_type().get(type) != simdjson::SUCCESS) { return false; }
    int64_t integer;
    if (type == ondemand::number_type::signed_integer && value.get_int64().get(integer) == simdjson::SUCCESS) {
        return test.kind == INSPECTION_INTEGER ? integer == test.integer : equals(test.number, integer);
    }
    uint64_t large;
    if (type == ondemand::number_type::unsigned_integer && value.get_uint64().get(large) == simdjson::SUCCESS) {
        return test.kind == INSPECTION_DOUBLE && equals(large, test.number);
    }
    // A fraction, an exponent, or an integer past 64 bits.
    double number;
    if (value.get_double().get(number) != simdjson::SUCCESS) { return false; }
    return test.kind == INSPECTION_INTEGER ? equals(number, test.integer) : number == test.number;
}

/// Whether `value` is the expected scalar. What cannot be read is not.
bool scalar_equals(ondemand::value &value, const inspection_test &test) noexcept {
    ondemand::json_type type;
    if (value.type().get(type) != simdjson::SUCCESS) { return false; }
    switch (type) {
    case ondemand::json_type::string: {
        // Also one that cannot be unescaped: it is a string to more lenient readers.
        if (test.kind == INSPECTION_ANY_STRING) { return true; }
        std::string_view found;
        return test.kind == INSPECTION_STRING && value.get_string().get(found) == simdjson::SUCCESS
            && found == test.string;
    }
    case ondemand::json_type::number:
        return (test.kind == INSPECTION_INTEGER || test.kind == INSPECTION_DOUBLE) && number_equals(value, test);
    case ondemand::json_type::boolean: {
        bool found;
        return test.kind == INSPECTION_BOOLEAN && value.get_bool().get(found) == simdjson::SUCCESS
            && found == (test.integer != 0);
    }
    case ondemand::json_type::null: {
        bool found = false;
        return test.kind == INSPECTION_NULL && value.is_null().get(found) == simdjson::SUCCESS && found;
    }
    default: return false;
    }
}

/// Walks a value or a document along the pointer from token `at`, which for a document is not behind the pointer's end.
/// `broken` is set where the text ends to be JSON: what follows cannot be reached, what was found before stays found.
template <typename Value>
bool search(Value &value, const inspection_test &test, size_t at, bool &broken) noexcept {
    if constexpr (std::is_same_v<Value, ondemand::value>) {
        if (at == test.tokens.size()) { return scalar_equals(value, test); }
    }
    const inspection::token &step = test.tokens[at];
    ondemand::json_type type;
    if (value.type().get(type) != simdjson::SUCCESS) {
        broken = true;
        return false;
    }
    if (type == ondemand::json_type::object) {
        ondemand::object object;
        if (value.get_object().get(object) != simdjson::SUCCESS) {
            broken = true;
            return false;
        }
        for (auto entry : object) {
            ondemand::field field;
            if (std::move(entry).get(field) != simdjson::SUCCESS) {
                broken = true;
                return false;
            }
            // Compared without its escapes: "ty\u0070e" is "type" to the upstream. A key that cannot be unescaped (a lone
            // surrogate, which JavaScript takes) is some other key, and must not hide those behind it.
            std::string_view key;
            if (field.unescaped_key().get(key) != simdjson::SUCCESS || key != step.key) { continue; }
            // No end at the first of that name: upstreams differ in which of several they use.
            if (search(field.value(), test, at + 1, broken)) { return true; }
            if (broken) { return false; }
        }
        return false;
    }
    if (type == ondemand::json_type::array && step.is_index) {
        ondemand::array array;
        if (value.get_array().get(array) != simdjson::SUCCESS) {
            broken = true;
            return false;
        }
        uint64_t index = 0;
        for (auto entry : array) {
            ondemand::value element;
            if (std::move(entry).get(element) != simdjson::SUCCESS) {
                broken = true;
                return false;
            }
            if (index++ == step.index && search(element, test, at + 1, broken)) { return true; }
            if (broken) { return false; }
        }
    }
    return false;
}

/// `bytes` lies in the parser's buffer, which has simdjson's padding behind it. The pointer has a token or more.
inspection_outcome search_text(
    inspection_parser &parser, const inspection_test &test, const uint8_t *bytes, size_t length, bool &broken) noexcept {
    ondemand::document document;
    const auto error = parser.parser.iterate(bytes, length, length + simdjson::SIMDJSON_PADDING).get(document);
    if (error == simdjson::MEMALLOC || error == simdjson::CAPACITY) { return INSPECTION_FAILED; }
    if (error != simdjson::SUCCESS) {
        broken = true;
        return INSPECTION_NO_MATCH;
    }
    if (search(document, test, 0, broken)) { return INSPECTION_MATCH; }
    // Read to its end and nothing behind it: only then was this the whole message.
    const char *rest;
    broken = broken || document.current_location().get(rest) == simdjson::SUCCESS;
    return INSPECTION_NO_MATCH;
}

/// A scalar that stands alone, put in brackets as `[scalar]`: simdjson 3.0.1 reads a number at the root in another way,
/// which cuts off what is behind its 20th digit.
inspection_outcome search_bracketed(
    inspection_parser &parser, const inspection_test &test, const uint8_t *bytes, size_t length) noexcept {
    ondemand::document document;
    const auto error = parser.parser.iterate(bytes, length, length + simdjson::SIMDJSON_PADDING).get(document);
    if (error == simdjson::MEMALLOC || error == simdjson::CAPACITY) { return INSPECTION_FAILED; }
    ondemand::array array;
    if (error != simdjson::SUCCESS || document.get_array().get(array) != simdjson::SUCCESS) {
        return INSPECTION_NO_MATCH;
    }
    for (auto entry : array) {
        ondemand::value element;
        if (std::move(entry).get(element) != simdjson::SUCCESS) { break; }
        if (scalar_equals(element, test)) { return INSPECTION_MATCH; }
    }
    return INSPECTION_NO_MATCH;
}

/// The slow way, for a text that simdjson refused and for scalars that stand alone: made acceptable, and looked at value
/// by value. Linear in `length`; the bytes before and behind the text are the parser's as well.
inspection_outcome search_values(
    inspection_parser &parser, const inspection_test &test, uint8_t *bytes, size_t length) noexcept {
    inspection::sanitize(bytes, length);
    size_t at = 0;
    while (at < length) {
        const uint8_t first = bytes[at];
        if (first == ' ' || first == ',' || first == ':' || first == ']' || first == '}') {
            at++;
            continue;
        }
        const size_t end = inspection::end_of_value(bytes, length, at);
        const bool is_container = first == '{' || first == '[';
        // A container is no scalar, and a scalar has nothing that a pointer could name but itself.
        if (is_container != test.tokens.empty()) {
            uint8_t *const before = bytes + at - 1;
            uint8_t *const behind = bytes + end;
            const uint8_t kept[] = {*before, *behind};
            inspection_outcome outcome;
            if (is_container) {
                // simdjson may look at the byte behind the text to find out whether brackets balance.
                *behind = 0;
                bool broken = false;
                outcome = search_text(parser, test, bytes + at, end - at, broken);
            } else {
                *before = '[';
                *behind = ']';
                outcome = search_bracketed(parser, test, before, end - at + 2);
            }
            *before = kept[0];
            *behind = kept[1];
            if (outcome != INSPECTION_NO_MATCH) { return outcome; }
        }
        at = end;
    }
    return INSPECTION_NO_MATCH;
}

}  // namespace

inspection_parser *inspection_parser_create(void) noexcept { return new (std::nothrow) inspection_parser(); }

void inspection_parser_destroy(inspection_parser *parser) noexcept { delete parser; }

inspection_test *inspection_test_create(
    const inspection_bytes *tokens, size_t count, const inspection_scalar *expected) noexcept {
    if (count > INSPECTION_MAXIMUM_TOKENS) { return nullptr; }
    const auto view = [](const inspection_bytes &part) {
        return std::string_view(reinterpret_cast<const char *>(part.bytes), part.length);
    };
    try {
        auto test = std::make_unique<inspection_test>();
        test->tokens.reserve(count);
        for (size_t i = 0; i < count; i++) { test->tokens.emplace_back(view(tokens[i])); }
        test->kind = expected->kind;
        test->integer = expected->integer;
        test->number = expected->number;
        test->string = expected->kind == INSPECTION_STRING ? std::string(view(expected->string)) : std::string();
        return test.release();
    } catch (...) {
        return nullptr;
    }
}

void inspection_test_destroy(inspection_test *test) noexcept { delete test; }

inspection_outcome inspection_matches(
    inspection_parser *parser, const inspection_test *test, const uint8_t *bytes, size_t length) noexcept {
    // A byte order mark is none of JSON's, yet .NET and Python step over it.
    if (length >= 3 && std::memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    if (length == 0) { return INSPECTION_NO_MATCH; }
    if (!parser->reserve(length)) { return INSPECTION_FAILED; }
    uint8_t *const text = parser->buffer.get() + 1;
    text[-1] = ' ';
    std::memcpy(text, bytes, length);
    std::memset(text + length, 0, simdjson::SIMDJSON_PADDING);
    if (test->tokens.empty()) { return search_values(*parser, *test, text, length); }
    bool broken = false;
    const auto outcome = search_text(*parser, *test, text, length, broken);
    return broken && outcome == INSPECTION_NO_MATCH ? search_values(*parser, *test, text, length) : outcome;
}
