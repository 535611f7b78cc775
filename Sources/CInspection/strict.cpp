#include "strict.hpp"

#include <array>
#include <bitset>

#include "utf8.hpp"

namespace inspection {

namespace {

/// Bytes that a string is made of as they are: ASCII but for control characters, quotes and backslashes.
constexpr std::array<bool, 256> plain_bytes() noexcept {
    std::array<bool, 256> plain{};
    for (size_t byte = 0x20; byte < 0x80; byte++) { plain[byte] = byte != '"' && byte != '\\'; }
    return plain;
}

constexpr auto is_plain = plain_bytes();

bool is_digit(uint8_t byte) noexcept { return byte >= '0' && byte <= '9'; }

bool is_hexadecimal(uint8_t byte) noexcept {
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

}  // namespace

bool strict_scanner::skip_string(bool &has_escapes) noexcept {
    has_escapes = false;
    if (!take('"')) { return false; }
    while (at < length) {
        const uint8_t byte = text[at];
        if (is_plain[byte]) {
            at++;
        } else if (byte == '"') {
            at++;
            return true;
        } else if (byte == '\\') {
            has_escapes = true;
            if (!skip_escape()) { return false; }
        } else {
            const size_t sequence = byte < 0x80 ? 0 : utf8_length(text + at, length - at);
            if (sequence == 0) { return false; }
            at += sequence;
        }
    }
    return false;
}

bool strict_scanner::skip_escape() noexcept {
    at++;
    switch (next()) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': at++; return true;
    case 'u': break;
    default: return false;
    }
    at++;
    for (size_t i = 0; i < 4; i++) {
        if (!is_hexadecimal(next())) { return false; }
        at++;
    }
    return true;
}

bool strict_scanner::skip_digits() noexcept {
    if (!is_digit(next())) { return false; }
    while (is_digit(next())) { at++; }
    return true;
}

bool strict_scanner::skip_number() noexcept {
    take('-');
    // No more digits behind a leading zero.
    if (!take('0') && !skip_digits()) { return false; }
    if (take('.') && !skip_digits()) { return false; }
    if (take('e') || take('E')) {
        if (!take('+')) { take('-'); }
        if (!skip_digits()) { return false; }
    }
    return true;
}

bool strict_scanner::skip_word(const char *word) noexcept {
    for (; *word != 0; word++) {
        if (!take(uint8_t(*word))) { return false; }
    }
    return true;
}

bool strict_scanner::skip_key() noexcept {
    bool has_escapes;
    skip_space();
    if (!skip_string(has_escapes)) { return false; }
    skip_space();
    return take(':');
}

bool strict_scanner::skip_value(size_t depth) noexcept {
    // Which of those that are open are objects; the others are arrays.
    std::bitset<INSPECTION_MAXIMUM_DEPTH> is_object;
    const size_t outside = depth;
    while (true) {
        skip_space();
        bool has_escapes;
        bool is_closed = true;
        switch (next()) {
        case '{':
        case '[': {
            if (depth >= INSPECTION_MAXIMUM_DEPTH) { return false; }
            const bool opens_object = next() == '{';
            is_object[depth++] = opens_object;
            at++;
            skip_space();
            if (take(opens_object ? '}' : ']')) {
                depth--;
            } else if (opens_object && !skip_key()) {
                return false;
            } else {
                is_closed = false;
            }
            break;
        }
        case '"':
            if (!skip_string(has_escapes)) { return false; }
            break;
        case 't':
            if (!skip_word("true")) { return false; }
            break;
        case 'f':
            if (!skip_word("false")) { return false; }
            break;
        case 'n':
            if (!skip_word("null")) { return false; }
            break;
        default:
            if (!skip_number()) { return false; }
        }
        // Behind a value: out of all that end here, to where the next one begins.
        while (is_closed) {
            if (depth == outside) { return true; }
            skip_space();
            if (take(',')) {
                if (is_object[depth - 1] && !skip_key()) { return false; }
                is_closed = false;
            } else if (take(is_object[depth - 1] ? '}' : ']')) {
                depth--;
            } else {
                return false;
            }
        }
    }
}

}  // namespace inspection

bool inspection_is_json(inspection_bytes text) noexcept {
    inspection::strict_scanner scanner(text.bytes, text.length);
    if (!scanner.skip_value(0)) { return false; }
    scanner.skip_space();
    return scanner.is_at_end();
}
